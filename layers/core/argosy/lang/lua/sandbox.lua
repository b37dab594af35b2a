-- What a user's script may reach, and what stops it. Runs once in each fresh Lua state, before anything of the user's.
--
-- In: limits and the source of the two files beside this one, compiled. Out: evaluate(source, name, globals, wanted) ->
-- true, answer or false, message. All that is used after the user's code has begun is held in locals, so that nothing that
-- the code does to its globals, to the string library or to an environment changes it.

local INSTRUCTIONS, SECONDS, OUTPUT, DEPTH, SOURCE, patterns, tojson = ...

local STEP = 200         -- instructions between two looks at the budget
local CHEAP = 1e6        -- steps that a pattern may take in C, where nothing can stop it
local NESTED = 180       -- calls through C at once; each may take 9 KiB of C stack
local COROUTINES = 12    -- coroutines that resume one another; Lua 5.1 counts C calls for each anew

local _G, string, table, os, math, coroutine, debug = _G, string, table, os, math, coroutine, debug
local error, type, next, pcall, select, unpack, rawget, rawset = error, type, next, pcall, select, unpack, rawget, rawset
local tonumber, tostring, setmetatable, getmetatable, loadstring = tonumber, tostring, setmetatable, getmetatable, loadstring
local find, sub, byte, rep, gsub, gmatch, smatch, format = string.find, string.sub, string.byte, string.rep, string.gsub,
  string.gmatch, string.match, string.format
local insert, remove, concat, sort = table.insert, table.remove, table.concat, table.sort
local resume, create = coroutine.resume, coroutine.create
local sethook, clock, floor = debug.sethook, os.clock, math.floor

local encode, show = tojson(OUTPUT, DEPTH, error, type, next, rawget, getmetatable, format, gsub, sub, byte, rep, concat,
  sort, floor, tonumber, find)
local compile_pattern = patterns(find, sub, byte, error, type, setmetatable)

-- Budgets. Once one is spent every further instruction fails, so that no pcall of the user's goes on.

local used, spent, started, depth, coroutines = 0, nil, clock(), 0, 0
local hook

local function stop(reason)
  spent = spent or reason
  sethook(hook, "", 1)
  error(spent, 0)
end

function hook()
  if spent then error(spent, 0) end
  used = used + STEP
  if used > INSTRUCTIONS then stop("the script took more than " .. INSTRUCTIONS .. " instructions") end
  if clock() - started > SECONDS then stop("the script took more than " .. SECONDS .. " s") end
end

local function charge(count)
  if spent then error(spent, 0) end
  if count > 0 then used = used + count end -- never NaN, which no limit would stop
  if used > INSTRUCTIONS then stop("the script took more than " .. INSTRUCTIONS .. " instructions") end
end

local function enter()
  if depth >= NESTED then error("calls nested more than " .. NESTED .. " deep", 0) end
  depth = depth + 1
end

local function leave(...)
  depth = depth - 1
  return ...
end

-- Calls: as in Lua 5.1, except that they cannot hide that a budget is spent.

local function settled(depth_before, coroutines_before, ...)
  depth, coroutines = depth_before, coroutines_before
  if spent then error(spent, 0) end
  return ...
end

function _G.pcall(...)
  local before, active = depth, coroutines
  enter()
  return settled(before, active, pcall(...))
end

-- The handler runs after unwinding: Lua 5.1 would run it without the hook when the hook raised the error.
local protected = _G.pcall
function _G.xpcall(called, handler)
  local function handled(ok, ...)
    if ok then return true, ... end
    return false, handler((...))
  end
  return handled(protected(called))
end

local function resumed(thread, ...)
  if coroutines >= COROUTINES then return false, "coroutines resumed more than " .. COROUTINES .. " deep" end
  local before, active = depth, coroutines
  enter()
  coroutines = coroutines + 1
  return settled(before, active, resume(thread, ...))
end

local function created(body)
  charge(100)
  local thread = create(body)
  sethook(thread, hook, "", STEP)
  return thread
end

coroutine.create, coroutine.resume = created, resumed

local function unwrapped(ok, ...)
  if not ok then error((...), 0) end
  return ...
end

function coroutine.wrap(body)
  local thread = created(body)
  return function(...) return unwrapped(resumed(thread, ...)) end
end

-- Code: text only, never bytecode, and no files.

local function loaded(source, name)
  if type(source) ~= "string" then error("source text expected", 2) end
  charge(#source)
  if #source > SOURCE then return nil, "more than " .. SOURCE .. " bytes of source" end
  if byte(source, 1) == 27 then return nil, "bytecode is not loaded" end
  return loadstring(source, type(name) == "string" and name or "=(load)")
end

_G.loadstring = loaded

function _G.load(reader, name)
  local parts, length = {}, 0
  while true do
    local part = reader()
    if part == nil or part == "" then break end
    if type(part) ~= "string" then error("reader function must return a string", 2) end
    length = length + #part
    if length > SOURCE then return nil, "more than " .. SOURCE .. " bytes of source" end
    parts[#parts + 1] = part
  end
  return loaded(concat(parts), name)
end

-- Scripts of Argo CD begin with require("os"); what it gives is what they have anyway.
local libraries = {os = os, string = string, table = table, math = math}
function _G.require(name)
  return libraries[name] or error("module not found: scripts have os, string, table and math, and no others", 2)
end

-- Texts. What takes long in C is counted beforehand, or matched by metered code.

local function text_of(value)
  if type(value) == "number" then return show(value) end
  return value
end

function _G.tostring(...)
  local value = ...
  if type(value) == "number" then return show(value) end
  enter()
  return leave(tostring(...))
end

-- At least two ways for each repetition also bounds how deep C recurses, whatever the subject.
local function cheap(subject, pattern)
  local ways = (#subject + 1) * (#pattern + 1)
  local at = 0
  while true do
    at = find(pattern, "[%*%+%-%?%%]", at + 1)
    if not at or ways > CHEAP then break end
    local char = sub(pattern, at, at)
    if char == "?" then ways = ways * 2
    elseif char ~= "%" then ways = ways * (#subject + 2)
    elseif find(pattern, "^[b%d]", at + 1) then ways = ways * (#subject + 2) end
  end
  charge(floor((ways < CHEAP and ways or #subject + #pattern) / 16))
  return ways <= CHEAP
end

local function start_of(init, length)
  init = tonumber(init) or 1
  if init < 0 then init = length + init + 1 end
  return init < 1 and 1 or init
end

local function plain_find(subject, pattern, init)
  if #subject * #pattern > 1e9 then error("a text of " .. #subject .. " bytes is too long to look for one of " .. #pattern, 0) end
  charge(floor(#subject * #pattern / 64))
  return find(subject, pattern, init, true)
end

function string.find(subject, pattern, init, plain)
  subject, pattern = text_of(subject), text_of(pattern)
  if type(subject) ~= "string" or type(pattern) ~= "string" then return find(subject, pattern, init, plain) end
  if plain or not find(pattern, "[%^%$%*%+%?%.%(%)%[%%%-]") then return plain_find(subject, pattern, init) end
  if cheap(subject, pattern) then return find(subject, pattern, init) end
  local from = start_of(init, #subject)
  if from > #subject + 1 then from = #subject + 1 end
  local first, last, values, count = compile_pattern(pattern, true)(subject, from)
  if not first then return nil end
  return first, last, unpack(values, 1, count)
end

function string.match(subject, pattern, init)
  subject, pattern = text_of(subject), text_of(pattern)
  if type(subject) ~= "string" or type(pattern) ~= "string" or cheap(subject, pattern) then
    return smatch(subject, pattern, init)
  end
  local from = start_of(init, #subject)
  if from > #subject + 1 then from = #subject + 1 end
  local first, last, values, count = compile_pattern(pattern, true)(subject, from)
  if not first then return nil end
  if count == 0 then return sub(subject, first, last) end
  return unpack(values, 1, count)
end

function string.gmatch(subject, pattern)
  subject, pattern = text_of(subject), text_of(pattern)
  if type(subject) ~= "string" or type(pattern) ~= "string" or cheap(subject, pattern) then return gmatch(subject, pattern) end
  local matcher, at = compile_pattern(pattern, false), 1
  return function()
    if at > #subject + 1 then return nil end
    local first, last, values, count = matcher(subject, at)
    if not first then at = #subject + 2 return nil end
    at = last + 1
    if last < first then at = at + 1 end
    if count == 0 then return sub(subject, first, last) end
    return unpack(values, 1, count)
  end
end
string.gfind = nil

local function expanded(replacement, whole, values, count)
  return (gsub(replacement, "%%(.?)", function(char)
    if char == "0" then return whole end
    if not find(char, "^%d") then return char end
    local index = byte(char) - 48
    if index == 1 and count == 0 then return whole end
    if index > count then error("invalid capture index", 0) end
    return text_of(values[index])
  end))
end

local function replaced(replacement, whole, values, count)
  local kind, value = type(replacement), nil
  if kind == "string" then return expanded(replacement, whole, values, count) end
  if count == 0 then values, count = {whole}, 1 end
  if kind == "table" then value = replacement[values[1]] else value = replacement(unpack(values, 1, count)) end
  if not value then return whole end
  if type(value) ~= "string" and type(value) ~= "number" then error("invalid replacement value (a " .. type(value) .. ")", 0) end
  return text_of(value)
end

local function slow_gsub(subject, pattern, replacement, most)
  local matcher, anchored = compile_pattern(pattern, true)
  local parts, at, done = {}, 1, 0
  while done < most and at <= #subject + 1 do
    local first, last, values, count = matcher(subject, at)
    if not first then break end
    done = done + 1
    parts[#parts + 1] = sub(subject, at, first - 1)
    parts[#parts + 1] = replaced(replacement, sub(subject, first, last), values, count)
    at = last + 1
    if last < first then
      parts[#parts + 1] = sub(subject, at, at)
      at = at + 1
    end
    if anchored then break end
  end
  parts[#parts + 1] = sub(subject, at)
  return concat(parts), done
end

function string.gsub(subject, pattern, replacement, most)
  subject, pattern, replacement = text_of(subject), text_of(pattern), text_of(replacement)
  local kind = type(replacement)
  if type(subject) ~= "string" or type(pattern) ~= "string" or (kind ~= "string" and kind ~= "table" and kind ~= "function") then
    return gsub(subject, pattern, replacement, most)
  end
  local quick = cheap(subject, pattern)
  enter()
  if quick then return leave(gsub(subject, pattern, replacement, most)) end
  return leave(slow_gsub(subject, pattern, replacement, tonumber(most) or #subject + 1))
end

function string.rep(text, count)
  text, count = text_of(text), tonumber(count)
  if type(text) ~= "string" or not count then return rep(text, count) end
  if not (count >= 1) or text == "" then return "" end
  if #text * count > OUTPUT then error("string.rep of more than " .. OUTPUT .. " bytes", 2) end
  charge(floor(#text * count / 64) + count / 8)
  return rep(text, count)
end

for _, name in next, {"upper", "lower", "reverse"} do
  local native = string[name]
  string[name] = function(text)
    text = text_of(text)
    if type(text) == "string" then charge(floor(#text / 16)) end
    return native(text)
  end
end

function string.format(pattern, ...)
  if type(pattern) ~= "string" then return format(pattern, ...) end
  charge(#pattern)
  local values, count, at = {...}, select("#", ...), 0
  for kind in gmatch((gsub(pattern, "%%%%", "")), "%%[%-%+ #0-9%.]*(%a?)") do
    at = at + 1
    if kind == "s" and type(values[at]) == "number" then values[at] = show(values[at]) end
  end
  return format(pattern, unpack(values, 1, count))
end
string.dump = nil

-- Tables. C walks them without looking at the budget, so their length is charged.

function table.insert(...)
  local list, at, value = ...
  if type(list) ~= "table" or select("#", ...) ~= 3 or type(at) ~= "number" then return insert(...) end
  local length = #list
  if not (at >= 1 and at <= length) then
    rawset(list, at, value)
    return
  end
  charge(length - at)
  return insert(list, at, value)
end

function table.remove(...)
  local list, at = ...
  if type(list) == "table" and type(at) == "number" and at >= 1 then charge(#list > at and #list - at or 0) end
  return remove(...)
end

function table.concat(list, separator, ...)
  if type(list) ~= "table" then return concat(list, separator, ...) end
  charge(#list)
  local from, to = ...
  local shown, length = {}, tonumber(to) or #list
  for index = tonumber(from) or 1, length do
    local item = rawget(list, index)
    if type(item) ~= "string" and type(item) ~= "number" then return concat(list, separator, ...) end
    shown[index] = text_of(item)
  end
  return concat(shown, text_of(separator), ...)
end

function table.sort(list, compare)
  if type(list) == "table" then charge(#list * 8) end
  enter()
  return leave(sort(list, compare))
end

for _, name in next, {"maxn", "foreach", "foreachi", "getn", "setn"} do
  local native = table[name]
  table[name] = native and function(list, ...)
    if type(list) == "table" then charge(#list) end
    enter()
    return leave(native(list, ...))
  end
end

function _G.unpack(list, from, to)
  if type(list) == "table" then charge(((tonumber(to) or #list) - (tonumber(from) or 1)) > 8000 and 1e9 or 10) end
  return unpack(list, from, to)
end

-- What is left out: files, modules, the debugger, the host, what would run while the hook is off (__gc of newproxy).

for _, name in next, {"io", "debug", "package", "module", "dofile", "loadfile", "newproxy", "python", "gcinfo"} do _G[name] = nil end
for name in next, os do
  if name ~= "clock" and name ~= "time" and name ~= "date" and name ~= "difftime" then os[name] = nil end
end

local date = os.date
function os.date(pattern, ...)
  if type(pattern) == "string" and #pattern > 256 then error("a date format of more than 256 bytes", 2) end
  return date(pattern, ...)
end

function _G.collectgarbage() return 0 end
function _G.print() end

-- Running.

local wanting = {
  truth = function(...) return select("#", ...) > 0 and select(-1, ...) == true end,
  document = function(...) return encode((select("#", ...) > 0 and select(-1, ...)) or nil) end,
}

local function finished(ok, ...)
  if ok then return true, ... end
  local problem = ...
  if type(problem) == "number" then problem = show(problem) end
  return false, type(problem) == "string" and sub(problem, 1, 500) or "error with a " .. type(problem)
end

return function(source, name, globals, wanted)
  if byte(source, 1) == 27 then return false, "bytecode is not run" end
  local chunk, problem = loadstring(source, name)
  if not chunk then return false, problem end
  if wanted == "check" then return true end
  for key, value in next, globals do _G[key] = value end
  sethook(hook, "", STEP)
  return finished(pcall(function() return wanting[wanted](chunk()) end))
end

-- Lua 5.1's patterns, matched by Lua code instead of C, so that the instruction hook meters them.
--
-- In: the native string.find and error. Out: compile(pattern, anchored) -> function(subject, from) -> first, last, captures, count.
-- Used only where C could take too long (sandbox.lua decides): a pattern with k repetitions tries up to n^k ways.

local find, sub, byte, error, type, setmetatable = ...

local function set_end(pattern, at)
  at = at + 1
  if sub(pattern, at, at) == "^" then at = at + 1 end
  repeat
    local char = sub(pattern, at, at)
    if char == "" then error("malformed pattern (missing ']')", 0) end
    at = at + (char == "%" and 2 or 1)
  until sub(pattern, at, at) == "]"
  return at + 1
end

-- Answers per character are kept: each item asks C once for each of the 256 that it meets.
local function tester(item)
  if item == "." then return setmetatable({}, {__index = function() return true end}) end
  if #item == 1 then return {[item] = true} end
  return setmetatable({}, {__index = function(known, char)
    local answer = char ~= "" and find(char, "^" .. item) ~= nil
    known[char] = answer
    return answer
  end})
end

local function escape(pattern, at, items)
  local char = sub(pattern, at + 1, at + 1)
  if char == "" then error("malformed pattern (ends with '%')", 0) end
  if char == "b" then
    if #pattern < at + 3 then error("unbalanced pattern", 0) end
    items[#items + 1] = {kind = "balance", left = byte(pattern, at + 2), right = byte(pattern, at + 3)}
    return at + 4
  elseif char == "f" then
    if sub(pattern, at + 2, at + 2) ~= "[" then error("missing '[' after '%f' in pattern", 0) end
    local stop = set_end(pattern, at + 2)
    items[#items + 1] = {kind = "frontier", test = tester(sub(pattern, at + 2, stop - 1))}
    return stop
  elseif find(char, "^%d") then
    items[#items + 1] = {kind = "again", index = byte(char) - 48}
    return at + 2
  end
  return nil
end

local function single(pattern, at, items)
  local char, stop = sub(pattern, at, at), at + 1
  if char == "[" then stop = set_end(pattern, at) elseif char == "%" then stop = at + 2 end
  local suffix = sub(pattern, stop, stop)
  local kind = ({["*"] = "most", ["+"] = "some", ["-"] = "least", ["?"] = "maybe"})[suffix]
  items[#items + 1] = {kind = kind or "one", test = tester(sub(pattern, at, stop - 1))}
  return kind and stop + 1 or stop
end

local function parse(pattern, at)
  local items = {}
  while at <= #pattern do
    local char, after = sub(pattern, at, at), nil
    if char == "(" then
      local position = sub(pattern, at + 1, at + 1) == ")"
      items[#items + 1] = {kind = position and "position" or "open"}
      after = at + (position and 2 or 1)
    elseif char == ")" then
      items[#items + 1] = {kind = "close"}
      after = at + 1
    elseif char == "$" and at == #pattern then
      items[#items + 1] = {kind = "finish"}
      after = at + 1
    elseif char == "%" then
      after = escape(pattern, at, items)
    end
    at = after or single(pattern, at, items)
  end
  return items
end

local steps = {}

-- Matches items from `k` on at `i`; state holds subject, items and captures. Returns where the match ends, or nil.
local function match(state, k, i)
  while true do
    local item = state.items[k]
    if item == nil then return i end
    local verdict, at = steps[item.kind](state, item, k, i)
    if verdict ~= "next" then return verdict end
    k, i = k + 1, at
  end
end

function steps.one(state, item, _, i)
  if item.test[sub(state.subject, i, i)] and i <= #state.subject then return "next", i + 1 end
end

function steps.most(state, item, k, i, least)
  local subject, test, stop = state.subject, item.test, i
  while stop <= #subject and test[sub(subject, stop, stop)] do stop = stop + 1 end
  for at = stop, i + (least or 0), -1 do
    local done = match(state, k + 1, at)
    if done then return done end
  end
end

function steps.some(state, item, k, i) return steps.most(state, item, k, i, 1) end

function steps.least(state, item, k, i)
  local subject = state.subject
  while true do
    local done = match(state, k + 1, i)
    if done then return done end
    if i > #subject or not item.test[sub(subject, i, i)] then return nil end
    i = i + 1
  end
end

function steps.maybe(state, item, k, i)
  if i <= #state.subject and item.test[sub(state.subject, i, i)] then
    local done = match(state, k + 1, i + 1)
    if done then return done end
  end
  return "next", i
end

function steps.finish(state, _, _, i) if i == #state.subject + 1 then return "next", i end end

function steps.open(state, _, k, i)
  local level = state.level + 1
  if level > 32 then error("too many captures", 0) end
  state.first[level], state.last[level], state.level = i, nil, level
  local done = match(state, k + 1, i)
  if not done then state.level = level - 1 end
  return done
end

function steps.position(state, _, k, i)
  local level = state.level + 1
  if level > 32 then error("too many captures", 0) end
  state.first[level], state.last[level], state.level = i, "position", level
  local done = match(state, k + 1, i)
  if not done then state.level = level - 1 end
  return done
end

function steps.close(state, _, k, i)
  local level = state.level
  while level > 0 and state.last[level] do level = level - 1 end
  if level == 0 then error("invalid pattern capture", 0) end
  state.last[level] = i - 1
  local done = match(state, k + 1, i)
  if not done then state.last[level] = nil end
  return done
end

function steps.again(state, item, _, i)
  local from, to = state.first[item.index], state.last[item.index]
  if item.index > state.level or not to or to == "position" then error("invalid capture index", 0) end
  local text = sub(state.subject, from, to)
  if sub(state.subject, i, i + #text - 1) == text then return "next", i + #text end
end

function steps.balance(state, item, _, i)
  local subject, open = state.subject, 0
  if byte(subject, i) ~= item.left then return nil end
  for at = i, #subject do
    local code = byte(subject, at)
    if code == item.right and at > i then
      open = open - 1
      if open == 0 then return "next", at + 1 end
    elseif code == item.left then
      open = open + 1
    end
  end
end

function steps.frontier(state, item, _, i)
  local function inside(at) return item.test[at >= 1 and at <= #state.subject and sub(state.subject, at, at) or "\0"] end
  if not inside(i - 1) and inside(i) then return "next", i end
end

local function captured(state)
  local values = {}
  for level = 1, state.level do
    local from, to = state.first[level], state.last[level]
    if not to then error("unfinished capture", 0) end
    values[level] = to == "position" and from or sub(state.subject, from, to)
  end
  return values, state.level
end

return function(pattern, anchors)
  local anchored = anchors and sub(pattern, 1, 1) == "^"
  local items = parse(pattern, anchored and 2 or 1)
  return function(subject, from)
    for i = from, anchored and from or #subject + 1 do
      local state = {subject = subject, items = items, first = {}, last = {}, level = 0}
      local done = match(state, 1, i)
      if done then return i, done - 1, captured(state) end
    end
  end, anchored
end

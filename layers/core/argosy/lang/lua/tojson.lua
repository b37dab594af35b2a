-- A Lua value as JSON text, by the rules of Argo Events 1.9 for what a script returns, and numbers as gopher-lua shows them.
--
-- In: the greatest length and depth, and what is needed of the standard library. Out: {encode(value), show(number)}.
-- A table is an array up to its highest whole index when it has one below 2^26, or when its metatable says __is_array.

local OUTPUT, DEPTH, error, type, next, rawget, getmetatable, format, gsub, sub, byte, rep, concat, sort, floor, tonumber, find = ...

local ARRAY_KEYS = 67108864

-- Shortest digits that read back as the same number: "d.ddd", exponent.
local function shortest(number)
  for places = 14, 16 do
    local text = format("%." .. places .. "e", number)
    if places == 16 or tonumber(text) == number then
      local at = find(text, "e", 1, true)
      local digits = gsub((gsub(sub(text, 1, at - 1), "%.", "")), "0+$", "")
      return digits == "" and "0" or digits, tonumber(sub(text, at + 1))
    end
  end
end

local function laid_out(number, least, limit, wide)
  local sign = ""
  if number < 0 then number, sign = -number, "-" end
  local digits, exponent = shortest(number)
  if exponent < least or exponent >= limit then
    local mantissa = #digits > 1 and sub(digits, 1, 1) .. "." .. sub(digits, 2) or digits
    return sign .. mantissa .. format(wide and "e%+03d" or "e%+d", exponent)
  elseif exponent < 0 then
    return sign .. "0." .. rep("0", -exponent - 1) .. digits
  elseif #digits <= exponent + 1 then
    return sign .. digits .. rep("0", exponent + 1 - #digits)
  end
  return sign .. sub(digits, 1, exponent + 1) .. "." .. sub(digits, exponent + 2)
end

local function show(number)
  if number ~= number then return "NaN" end
  if number == 1 / 0 then return "+Inf" end
  if number == -1 / 0 then return "-Inf" end
  if number == floor(number) and number > -2 ^ 63 and number < 2 ^ 63 then return format("%d", number) end
  return laid_out(number, -4, 21, true)
end

local function number_text(number)
  if number ~= number or number == 1 / 0 or number == -1 / 0 then error("a number that JSON has not: " .. show(number), 0) end
  if number == 0 then return "0" end
  return laid_out(number, -6, 21, false)
end

local function quoted(text)
  return '"' .. (gsub(text, '[%c"\\]', function(char) return format("\\u%04x", byte(char)) end)) .. '"'
end

local put, written, length

local function write(text)
  length = length + #text
  if length > OUTPUT then error("more than " .. OUTPUT .. " bytes of output", 0) end
  written[#written + 1] = text
end

local function array_length(value)
  local most = 0
  for key in next, value do
    if type(key) == "number" and key > most and key < ARRAY_KEYS and key == floor(key) then most = key end
  end
  return most
end

local function put_array(value, count, depth)
  if count > OUTPUT then error("more than " .. OUTPUT .. " bytes of output", 0) end
  write("[")
  for index = 1, count do
    if index > 1 then write(",") end
    put(rawget(value, index), depth)
  end
  write("]")
end

local function put_object(value, depth)
  local keys, members = {}, {}
  for key, member in next, value do
    local kind, name = type(key), key
    if kind == "number" then name = show(key) elseif kind == "boolean" then name = key and "true" or "false"
    elseif kind ~= "string" then error("a " .. kind .. " as a key", 0) end
    if members[name] == nil then keys[#keys + 1] = name end
    members[name] = member
  end
  sort(keys)
  write("{")
  for index = 1, #keys do
    write((index > 1 and "," or "") .. quoted(keys[index]) .. ":")
    put(members[keys[index]], depth)
  end
  write("}")
end

local function put_table(value, depth)
  if depth > DEPTH then error("tables nested more than " .. DEPTH .. " deep, or within themselves", 0) end
  local meta, count = getmetatable(value), array_length(value)
  local told = type(meta) == "table" and rawget(meta, "__is_array") == true
  if count > 0 or told then put_array(value, count, depth) else put_object(value, depth) end
end

function put(value, depth)
  local kind = type(value)
  if kind == "nil" then write("null")
  elseif kind == "boolean" then write(value and "true" or "false")
  elseif kind == "number" then write(number_text(value))
  elseif kind == "string" then write(quoted(value))
  elseif kind == "table" then put_table(value, depth + 1)
  else error("a " .. kind .. " cannot be returned", 0) end
end

local function encode(value)
  if type(value) ~= "table" then error("the script returned a " .. type(value) .. " instead of a table", 0) end
  written, length = {}, 0
  put(value, 0)
  return concat(written)
end

return encode, show

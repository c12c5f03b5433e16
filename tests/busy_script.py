"""A Lua script that keeps a server busy for ``ARGV[1]`` milliseconds."""

from __future__ import annotations

SPIN = """
-- TIME stands still in a script since Redis 7.2, and before 7.2 there is no os.clock.
local has_clock, clock = pcall(function() return os.clock end)
local function seconds()
  if has_clock then return clock() end
  local now = redis.call('TIME')
  return now[1] + now[2] / 1000000
end
local start = seconds()
while seconds() - start < tonumber(ARGV[1]) / 1000 do end
return 1
"""

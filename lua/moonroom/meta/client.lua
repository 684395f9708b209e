---@meta
-- moonroom.Client.

---A client, made by connecting only. Any other field is the script's own, but for names of base
---methods, which raise. Always the same userdata for the same client, so a good table key. Once it
---is closed, the methods below return nil, "closed"; its fields stay readable.
---@class moonroom.Client : moonroom.Class
---@field id string read-only; no other client has it
---@field room moonroom.Room read-only
---@field request moonroom.Request read-only
---@field protocol string|nil read-only; the subprotocol that was agreed on
---@field address string read-only; the peer's, IPv4 or IPv6
---@field ready_state "connecting"|"open"|"closing"|"closed" read-only; "connecting" in init
---@field buffered integer read-only; bytes that are queued and not yet taken by the system
---@field rtt number|nil read-only; seconds, of the latest answered ping
---@field joined_at number|nil read-only; Unix time of the 101; nil in init
local Client = {}

---Override: after on_accept, before the 101. Must not send. An error answers 500.
---@param request moonroom.Request
function Client:init(request) end

---Queues a message: text (a number as its text), or a table as JSON. Never waits, and never fails
---because of the peer before its queue is full.
---@param message string|number|table
---@return true|nil
---@return string? error "closed", "invalid UTF-8", or why the table is no JSON
function Client:send(message) end

---@param data string
---@return true|nil
---@return string? error "closed"
function Client:send_binary(data) end

---Sends a ping (RFC 6455 5.5.2); on_pong and rtt have the answer.
---@param data? string at most 125 bytes
---@return true|nil
---@return string? error "closed"
function Client:ping(data) end

---As room:broadcast, to everybody in the client's room but this one.
---@param message string|number|table
---@return integer|nil queued
---@return string? error "closed", "invalid UTF-8", or why the table is no JSON
function Client:broadcast(message) end

---@param data string
---@return integer|nil queued
---@return string? error "closed"
function Client:broadcast_binary(data) end

---Begins the closing handshake (RFC 6455 7.1.2). The client is no member from here on.
---@param code? integer 1000 by default; raises for one that may not be sent (RFC 6455 7.4)
---@param reason? string UTF-8, cut to 123 bytes at a character
---@return true|nil
---@return string? error "closed"
function Client:close(code, reason) end

---Ends the connection without a closing handshake: on_leave gets 1006, or the code of a Close that
---was under way.
---@return true|nil
---@return string? error "closed"
function Client:terminate() end

---Waits for the client's next message and takes it instead of on_text; from any coroutine, but only
---one at a time. What came before is given first.
---@param seconds? number how long to wait; without, until the client goes
---@return string|nil message
---@return string kind "text" | "binary"; without a message "timeout" | "closed"
function Client:receive(seconds) end

---As receive, decoded from JSON.
---@param seconds? number
---@return any value nil where there is none
---@return string? error "timeout", "closed", or what is no JSON
function Client:receive_json(seconds) end

---Waits until what was sent has left for the network.
---@param seconds? number how long to wait
---@return true|nil
---@return string? error "timeout" | "closed"
function Client:flush(seconds) end

---As moonroom.after and every; stops when the client leaves.
---@param seconds number from 0 up
---@param fn function|string called with the client before its arguments; a method's name is
--- looked up when it is due
---@param ... any its arguments
---@return moonroom.Timer|nil
---@return string? error "closed"
function Client:after(seconds, fn, ...) end

---@param seconds number from 0 up
---@param fn function|string as for after
---@param ... any its arguments
---@return moonroom.Timer|nil
---@return string? error "closed"
function Client:every(seconds, fn, ...) end

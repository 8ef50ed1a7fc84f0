// The PostgreSQL wire protocol as far as a server needs it: cutting a byte stream into messages, and building answers.

const int16 = (n) => { const b = Buffer.alloc(2); b.writeInt16BE(n); return b }
const int32 = (n) => { const b = Buffer.alloc(4); b.writeInt32BE(n); return b }
const cstring = (text) => Buffer.from(`${text}\0`)

export const SSL_REQUEST = 80877103
export const GSS_REQUEST = 80877104
export const CANCEL_REQUEST = 80877102

/** One message: a type byte, its length, its body. */
export function message(type, ...parts) {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

export const query = (sql) => message('Q', cstring(sql))
export const sync = () => message('S')
export const closeStatement = (name) => message('C', 'S', cstring(name))

export const authentication = (kind, ...parts) => message('R', int32(kind), ...parts)
export const authenticationSasl = (mechanism) => authentication(10, cstring(mechanism), '\0')
export const parameterStatus = (name, value) => message('S', cstring(name), cstring(value))
export const backendKeyData = (pid, secret) => message('K', int32(pid), int32(secret))
export const readyForQuery = (status) => message('Z', status)

export function errorResponse(severity, code, text) {
  const field = (letter, value) => [letter, cstring(value)]
  const fields = [['S', severity], ['V', severity], ['C', code], ['M', text]]
  return message('E', ...fields.flatMap(([letter, value]) => field(letter, value)), '\0')
}

/** Cuts complete messages off the front of a buffer: `[messages, rest]`, a message being `{ type, body, bytes }`. */
export function cut(buffer) {
  const messages = []
  let at = 0
  while (buffer.length - at >= 5) {
    const end = at + 1 + buffer.readInt32BE(at + 1)
    if (end > buffer.length) break
    const bytes = buffer.subarray(at, end)
    messages.push({ type: String.fromCharCode(bytes[0]), body: bytes.subarray(5), bytes })
    at = end
  }
  return [messages, buffer.subarray(at)]
}

/** The zero-terminated texts at the front of a message's body: `[texts, the bytes behind them]`. */
export function texts(body, count) {
  const found = []
  let at = 0
  while (found.length < count) {
    const end = body.indexOf(0, at)
    found.push(body.toString('utf8', at, end))
    at = end + 1
  }
  return [found, body.subarray(at)]
}

/** The fields of an error or a notice, by their letter. */
export function fields(body) {
  const found = {}
  for (let at = 0; body[at] !== 0 && at < body.length;) {
    const end = body.indexOf(0, at)
    found[String.fromCharCode(body[at])] = body.toString('utf8', at + 1, end)
    at = end + 1
  }
  return found
}

/** The columns of a row, as text. */
export function row(body) {
  const columns = []
  for (let at = 2; columns.length < body.readInt16BE(0);) {
    const length = body.readInt32BE(at)
    at += 4
    columns.push(length < 0 ? null : body.toString('utf8', at, at + length))
    at += Math.max(length, 0)
  }
  return columns
}

/** The startup packet at the front of a buffer, once it is complete. */
export function startup(buffer) {
  const length = buffer.length < 8 ? Infinity : buffer.readInt32BE(0)
  return buffer.length < length ? undefined : buffer.subarray(0, length)
}

/** Its protocol number, or which of the three requests it is. */
export const startupCode = (packet) => packet.readInt32BE(4)

export function startupParameters(packet) {
  const parts = packet.toString('utf8', 8).split('\0')
  const parameters = {}
  for (let i = 0; i + 1 < parts.length && parts[i] !== ''; i += 2) parameters[parts[i]] = parts[i + 1]
  return parameters
}

/** The same message with its prepared statement's name changed by `rename`; other messages come back as they are. */
export function renameStatement({ type, body, bytes }, rename) {
  if (type === 'P') {
    const [[name], rest] = texts(body, 1)
    return message('P', cstring(rename(name)), rest)
  }
  if (type === 'B') {
    const [[portal, name], rest] = texts(body, 2)
    return message('B', cstring(portal), cstring(rename(name)), rest)
  }
  if ((type === 'D' || type === 'C') && body[0] === 0x53) {
    const [[name]] = texts(body.subarray(1), 1)
    return message(type, 'S', cstring(rename(name)))
  }
  return bytes
}

/** The same Query or Parse message with other SQL. */
export function replaceSql({ type, body }, sql) {
  if (type === 'Q') return message('Q', cstring(sql))
  const [[name], types] = texts(body, 2)
  return message('P', cstring(name), cstring(sql), types)
}

/** The SQL that a message carries, or ''. */
export function sqlOf({ type, body }) {
  if (type === 'Q') return texts(body, 1)[0][0]
  if (type === 'P') return texts(body, 2)[0][1]
  return ''
}

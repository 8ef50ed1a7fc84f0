// One client's connection: proves who it is, then queues its messages for the database and remembers what must be
// undone when it goes.
import { randomBytes } from 'node:crypto'
import * as scram from './scram.mjs'
import * as wire from './wire.mjs'

export class Session {
  user
  parameters
  /** Messages that wait for the database. */
  inbox = []
  waitingSince = 0
  statements = new Set()
  touchedAdvisoryLocks = false
  /** What the one session is to be when it is this client's turn. */
  state
  /** A transaction's or a batch's SQL asked for something that must be seen to when it ends. */
  resetsSettings = false

  #socket
  #database
  #prefix
  #buffer = Buffer.alloc(0)
  #receive
  #exchange

  constructor(id, socket, database) {
    this.id = id
    this.#socket = socket
    this.#database = database
    this.#prefix = `client${id}_`
    socket.on('data', (bytes) => this.#take(bytes))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => database.leave(this))
  }

  send(bytes) {
    if (this.#socket.writable) this.#socket.write(bytes)
  }

  fail(code, text) {
    this.send(wire.errorResponse('FATAL', code, text))
    this.#socket.end()
  }

  #take(bytes) {
    this.#buffer = Buffer.concat([this.#buffer, bytes])
    if (!this.parameters && !this.#start()) return
    const [messages, rest] = wire.cut(this.#buffer)
    this.#buffer = rest
    for (const message of messages) {
      if (message.type === 'X') return this.#socket.end()
      this.#receive(message)
    }
  }

  /** The startup packet is the one message without a type. */
  #start() {
    const packet = wire.startup(this.#buffer)
    if (!packet) return false
    this.#buffer = this.#buffer.subarray(packet.length)
    this.parameters = wire.startupParameters(packet)
    this.user = this.parameters.user ?? 'postgres'
    this.#authenticate()
    return true
  }

  #authenticate() {
    if (this.#database.trusts) return this.#welcome()
    this.#receive = (message) => this.#answerFirst(message)
    this.send(wire.authenticationSasl(scram.MECHANISM))
  }

  #answerFirst({ body }) {
    const [[mechanism], rest] = wire.texts(body, 1)
    if (mechanism !== scram.MECHANISM) return this.fail('28000', `this server only knows ${scram.MECHANISM}`)
    this.#exchange = scram.begin(rest.toString('utf8', 4), this.#database.password(this.user))
    this.#receive = (message) => this.#answerFinal(message)
    this.send(wire.authentication(11, this.#exchange.challenge))
  }

  #answerFinal({ body }) {
    const proof = scram.finish(body.toString(), this.#exchange)
    if (!proof) return this.fail('28P01', `password authentication failed for user "${this.user}"`)
    this.send(wire.authentication(12, proof))
    this.#welcome()
  }

  #welcome() {
    const refusal = this.#database.enter(this)
    if (refusal) return this.fail('28000', refusal)
    this.#receive = (message) => this.#queue(message)
    const statuses = Object.entries(this.#database.statuses(this)).map(([name, value]) => wire.parameterStatus(name, value))
    const key = wire.backendKeyData(this.id, randomBytes(4).readInt32BE())
    this.send(Buffer.concat([wire.authentication(0), ...statuses, key, wire.readyForQuery('I')]))
  }

  #queue(message) {
    this.inbox.push({ sql: wire.sqlOf(message), type: message.type, message: this.#own(message) })
    this.#database.work()
  }

  /** Clients count their prepared statements from zero each; here they share one session. */
  #own(message) {
    const bytes = wire.renameStatement(message, (name) => {
      if (name === '') return name
      this.statements.add(this.#prefix + name)
      return this.#prefix + name
    })
    return wire.cut(bytes)[0][0]
  }
}

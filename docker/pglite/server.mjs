// A PostgreSQL server for tests where the official TimescaleDB image cannot be had. Listens, learns from the startup
// packet which database a client wants, and forwards the client to that database's own process (database.mjs).
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as wire from './wire.mjs'

const PORT = 5432
const TEMPLATE = new URL('template.tar', import.meta.url).pathname
const IDLE_SECONDS = Number(process.env.PGLITE_IDLE_SECONDS || 5)
const DECLARED_ONLY = process.env.PGLITE_DATABASES === 'declared'
const FIRST = new Set(['postgres', process.env.POSTGRES_DB || process.env.POSTGRES_USER || 'postgres'])

const home = mkdtempSync(join(tmpdir(), 'pglite-'))
const databases = new Map()
const declared = new Set(FIRST)
let files = 0
let spare

const newFile = (extension) => join(home, `${++files}.${extension}`)

/** A process with a PGlite in it, ready for its first client. */
function start(...fileAndName) {
  const listensAt = newFile('sock')
  const child = fork(new URL('database.mjs', import.meta.url), [listensAt, ...fileAndName])
  child.listensAt = listensAt
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
  #file = newFile('tar')
  /** A promise of the process, while there is one. */
  #child
  #slept = false
  #fallingAsleep = Promise.resolve()
  #clients = 0
  #idle
  #idleSeconds = IDLE_SECONDS
  #databases = []

  constructor(name) {
    this.#name = name
  }

  async accept(socket, packet) {
    this.#clients += 1
    clearTimeout(this.#idle)
    socket.on('close', () => this.#left())
    await this.#fallingAsleep
    this.#child ??= this.#wake()
    forward(socket, (await this.#child).listensAt, packet)
  }

  drop() {
    clearTimeout(this.#idle)
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

  #hear({ event, names }) {
    if (event === 'wants new session') this.#idleSeconds = 0
    if (event === 'databases') this.#declare(names)
  }

  #left() {
    this.#clients -= 1
    if (this.#clients === 0) this.#idle = setTimeout(() => this.#sleep(), this.#idleSeconds * 1000)
  }

  /** Gives the memory back, and is the only way to a new session: a later client finds the data as they were. */
  #sleep() {
    const child = this.#child
    this.#child = undefined
    this.#slept = true
    this.#idleSeconds = IDLE_SECONDS
    this.#fallingAsleep = child.then((awake) => new Promise((resolve) => {
      awake.once('exit', resolve)
      awake.send({ command: 'sleep', file: this.#file })
    }))
  }

  #ended(code) {
    if (code === 0 || databases.get(this.#name) !== this) return
    const lost = `database "${this.#name}" was lost when PGlite ended with ${code}`
    console.error(lost)
    databases.set(this.#name, { accept: (socket) => refuse(socket, '57P02', lost), drop() {} })
  }

  /** CREATE DATABASE and DROP DATABASE, told from what this database's catalog had before and has now. */
  async #declare(names) {
    for (const name of names) declared.add(name)
    for (const name of this.#databases.filter((old) => !names.includes(old))) {
      declared.delete(name)
      databases.get(name)?.drop()
      databases.delete(name)
    }
    this.#databases = names
    const child = await this.#child
    child.send({ command: 'release' })
  }
}

/** Not by handing the socket to the process: what a client says meanwhile would be lost now and then. */
function forward(socket, listensAt, packet) {
  const inner = connect(listensAt)
  inner.on('error', () => socket.destroy())
  inner.on('close', () => socket.destroy())
  socket.on('close', () => inner.destroy())
  inner.write(packet)
  socket.pipe(inner)
  inner.pipe(socket)
}

function refuse(socket, code, text) {
  socket.end(wire.errorResponse('FATAL', code, text))
}

function route(socket, packet) {
  const { database, user } = wire.startupParameters(packet)
  const name = database || user
  if (DECLARED_ONLY && !declared.has(name)) return refuse(socket, '3D000', `database "${name}" does not exist`)
  if (!databases.has(name)) databases.set(name, new Database(name))
  Promise.resolve(databases.get(name).accept(socket, packet)).catch((error) => refuse(socket, '57P03', error.message))
}

/** Reads up to the startup packet; no client sends more before it is answered. */
function greet(socket) {
  let buffer = Buffer.alloc(0)
  const read = (bytes) => {
    buffer = Buffer.concat([buffer, bytes])
    const packet = wire.startup(buffer)
    if (!packet) return
    buffer = Buffer.alloc(0)
    const code = wire.startupCode(packet)
    if (code === wire.SSL_REQUEST || code === wire.GSS_REQUEST) return void socket.write('N')
    if (code === wire.CANCEL_REQUEST) return socket.destroy()
    socket.off('data', read)
    socket.pause()
    route(socket, packet)
  }
  socket.setNoDelay(true)
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

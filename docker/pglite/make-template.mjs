// Runs once, at image build: a new cluster in a file, which loads in a third of the time that making one takes.
import { writeFile } from 'node:fs/promises'
import { Engine } from './engine.mjs'

const engine = await Engine.create()
await writeFile(new URL('template.tar', import.meta.url), await engine.save())
process.exit(0)

// The server's side of SCRAM-SHA-256 (RFC 5802, 7677), against a verifier as pg_authid.rolpassword keeps it.
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

const hmac = (key, text) => createHmac('sha256', key).update(text).digest()
const hash = (bytes) => createHash('sha256').update(bytes).digest()
const attribute = (text, letter) => text.split(',').find((part) => part.startsWith(`${letter}=`))?.slice(2)

export const MECHANISM = 'SCRAM-SHA-256'

/** An unknown role gets a verifier that nothing matches, so that the client learns no more than "wrong". */
function parseVerifier(verifier) {
  const found = /^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):(.+)$/.exec(verifier ?? '')
  const [, iterations, salt, storedKey, serverKey] = found ?? [
    '', '4096', ...Array.from({ length: 3 }, () => randomBytes(32).toString('base64')),
  ]
  return { iterations, salt, storedKey: Buffer.from(storedKey, 'base64'), serverKey: Buffer.from(serverKey, 'base64') }
}

/** The client's first message, then what it is answered and what `finish` needs. */
export function begin(clientFirst, verifier) {
  const keys = parseVerifier(verifier)
  const bare = clientFirst.replace(/^[ny],[^,]*,/, '')
  const nonce = `${attribute(bare, 'r')}${randomBytes(18).toString('base64')}`
  const challenge = `r=${nonce},s=${keys.salt},i=${keys.iterations}`
  return { challenge, nonce, said: `${bare},${challenge}`, ...keys }
}

/** The client's final message: the server's own proof, or undefined for a wrong password. */
export function finish(clientFinal, exchange) {
  const withoutProof = clientFinal.slice(0, clientFinal.lastIndexOf(',p='))
  const said = `${exchange.said},${withoutProof}`
  const signature = hmac(exchange.storedKey, said)
  const proof = Buffer.from(attribute(clientFinal, 'p') ?? '', 'base64')
  if (proof.length !== signature.length || attribute(withoutProof, 'r') !== exchange.nonce) return undefined
  const clientKey = Buffer.from(proof.map((byte, i) => byte ^ signature[i]))
  if (!timingSafeEqual(hash(clientKey), exchange.storedKey)) return undefined
  return `v=${hmac(exchange.serverKey, said).toString('base64')}`
}

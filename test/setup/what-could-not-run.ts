import { parts } from './parts.ts'

/** Names at the end of the run what this machine could not test. */
export default function setup() {
  return () => {
    for (const [name, { there, needs }] of Object.entries(parts)) {
      if (!there) console.log(`\nNot run on this machine: the ${name} tests. They need ${needs}.`)
    }
  }
}

// A bundle (npm run bundle) has compiled modules. Everywhere else Node.js runs the sources.
import { existsSync } from 'node:fs'

const compiled = new URL('../compiled/', import.meta.url)

/** Loads the program of this name. */
export const load = (name, source) =>
  import(existsSync(compiled) ? new URL(`${name}.js`, compiled) : new URL(`../${source}`, import.meta.url))

import { Provider } from 'oidc-provider'
import type { NaturalPerson, NaturalPersons } from '../accounts/natural-persons.ts'

/** Reads a person from the store, once in a request. An ending in between ends the answer by its epoch. */
export type ReadPerson = (id: string) => Promise<NaturalPerson | undefined>

export function readPersonOnce(persons: Pick<NaturalPersons, 'find'>): ReadPerson {
  const requests = new WeakMap<object, Map<string, ReturnType<ReadPerson>>>()
  return (id) => {
    const { ctx } = Provider
    if (!ctx) return persons.find(id)
    const read = requests.get(ctx) ?? new Map<string, ReturnType<ReadPerson>>()
    requests.set(ctx, read)
    const found = read.get(id) ?? persons.find(id)
    read.set(id, found)
    return found
  }
}

/**
 * What limits how much one caller may ask for; docs/limits.md is made of it. `most` is a number or the setting that holds it.
 * `in` says where it is counted: in each process's memory, or in the artifact store, which all processes share.
 */
export interface Budget {
  what: string
  by: string
  most: number | string
  seconds: number
  in: 'process' | 'store'
}

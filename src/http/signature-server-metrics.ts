import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { svsOutcomes, type SignatureServer, type SvsOutcome } from '../keys/guomi/svs/signature-server.ts'

/** Counts and times the calls of the signature server; without one, there are no such metrics. @returns counts one call, with its milliseconds */
export function countSignatureCalls(registry: Registry): (outcome: SvsOutcome, ms: number) => void {
  const registers = [registry]
  const calls = new Counter({
    name: 'yideng_signature_server_calls_total',
    help: 'Calls of the signature server by outcome (left-alone: not asked, because it failed a moment before)',
    labelNames: ['outcome'],
    registers,
  })
  for (const outcome of svsOutcomes) calls.inc({ outcome }, 0)
  const times = new Histogram({
    name: 'yideng_signature_server_seconds',
    help: 'Time of a call of the signature server that was asked',
    buckets: [0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2],
    registers,
  })
  return (outcome, ms) => {
    calls.inc({ outcome })
    if (outcome !== 'left-alone') times.observe(ms / 1000)
  }
}

/** Whether portals with SM2 can be served now. */
export function watchSignatureServer(registry: Registry, server: Pick<SignatureServer, 'isDown'>): void {
  const down: Gauge = new Gauge({
    name: 'yideng_signature_server_down',
    help: '1 while every address of the signature server is left alone after failures',
    aggregator: 'max',
    registers: [registry],
    collect: () => down.set(server.isDown() ? 1 : 0),
  })
}

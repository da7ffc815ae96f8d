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

/**
 * Whether portals with SM2 can be served now. The addresses rest for seconds after failures, and sign-ins may be rarer: the value stays
 * until a call succeeds. While it is 1, each look at the metrics has a probe signed.
 */
export function watchSignatureServer(
  registry: Registry,
  server: Pick<SignatureServer, 'isFailing' | 'assertReady'>,
): void {
  const down: Gauge = new Gauge({
    name: 'yideng_signature_server_down',
    help: '1 while the last calls to every address of the signature server failed',
    aggregator: 'max',
    registers: [registry],
    collect() {
      const failing = server.isFailing()
      down.set(failing ? 1 : 0)
      if (failing) server.assertReady().catch(() => undefined)
    },
  })
}

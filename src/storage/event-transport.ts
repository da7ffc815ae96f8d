/** Carries short texts to every process that listens, the sender included. A text must be a valid file name. */
export interface Transport {
  /** Rejects when the text was not sent. */
  send(text: string): Promise<unknown>
  close(): void
}

export interface Receiver {
  received(text: string): void
  lost(error: unknown): void
}

/** Without a receiver the transport only sends. */
export type OpenTransport = (receiver: Receiver | undefined) => Promise<Transport>

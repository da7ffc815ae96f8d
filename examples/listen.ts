import { createServer, type RequestListener } from 'node:http'

export interface Running {
  url: string
  close(): Promise<void>
}

/** Serves on this machine only; production needs a TLS proxy in front. */
export async function listen(port: number, listener: RequestListener): Promise<Running> {
  const server = createServer(listener)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `http://localhost:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

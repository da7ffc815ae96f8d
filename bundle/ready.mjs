// Waits until the server answers /readyz. Its address comes from HOST and PORT; it waits for READY_SECONDS at most.
const { HOST = '127.0.0.1', PORT = '3000', READY_SECONDS = '60' } = process.env
const host = HOST.includes(':') ? `[${HOST}]` : HOST
const until = Date.now() + Number(READY_SECONDS) * 1000

const isReady = () =>
  fetch(`http://${host}:${PORT}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  )

while (!(await isReady())) {
  if (Date.now() > until) {
    console.error(`No answer of http://${host}:${PORT}/readyz in ${READY_SECONDS} seconds.`)
    process.exit(1)
  }
  await new Promise((resolve) => setTimeout(resolve, 250))
}

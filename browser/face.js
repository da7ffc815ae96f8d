// Takes pictures while the person follows the page, and sends them once. The server decides.
function faceCapture() {
  const panel = document.querySelector('[data-face]')
  const video = panel.querySelector('video')
  const say = panel.querySelector('[data-say]')
  const { face: base, check, csrf } = panel.dataset
  const steps = ['straight', ...panel.dataset.actions.split(' ')]
  const everyMs = 400
  const pictures = { straight: 3, other: 5 }
  /** Time to read the instruction, before the first picture of a step. */
  const readMs = 900
  const width = 640

  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

  function show(state) {
    panel.dataset.state = state
    for (const part of panel.querySelectorAll('[data-when]'))
      part.hidden = !part.dataset.when.split(' ').includes(state)
  }

  function tell(what) {
    say.textContent = say.dataset[`words${what[0].toUpperCase()}${what.slice(1)}`]
  }

  function fail(fault) {
    say.textContent = ''
    panel.querySelector(`[data-fault=${fault}]`).hidden = false
    show('fault')
  }

  function openCamera() {
    return navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: 'user', width: { ideal: width }, height: { ideal: 480 } },
    })
  }

  const canvas = document.createElement('canvas')
  async function picture() {
    canvas.width = Math.min(width, video.videoWidth)
    canvas.height = Math.round((canvas.width * video.videoHeight) / video.videoWidth)
    canvas.getContext('2d').drawImage(video, 0, 0, canvas.width, canvas.height)
    return new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.85))
  }

  /** For each picture: its step (one byte), its length (four bytes, big endian), its bytes. */
  function framed(step, blob) {
    const head = new DataView(new ArrayBuffer(5))
    head.setUint8(0, step)
    head.setUint32(1, blob.size)
    return [head.buffer, blob]
  }

  async function capture() {
    const parts = []
    for (const [step, what] of steps.entries()) {
      tell(what)
      await pause(readMs)
      for (let taken = 0; taken < (step === 0 ? pictures.straight : pictures.other); taken += 1) {
        parts.push(...framed(step, await picture()))
        await pause(everyMs)
      }
    }
    return new Blob(parts)
  }

  function answer({ outcome, reasons }) {
    if (outcome === 'passed') {
      panel.querySelector('[data-done]').submit()
      return
    }
    say.textContent = ''
    for (const part of panel.querySelectorAll('[data-outcome]')) part.hidden = part.dataset.outcome !== outcome
    for (const part of panel.querySelectorAll('[data-reason]')) part.hidden = !reasons.includes(part.dataset.reason)
    show('told')
    panel.querySelector('[data-when=told]').focus()
  }

  async function send(body) {
    tell('sending')
    show('sending')
    const headers = { 'content-type': 'application/x-yideng-frames', 'x-csrf': csrf, accept: 'application/json' }
    const response = await fetch(`${base}/frames?check=${encodeURIComponent(check)}`, { method: 'POST', headers, body })
    // The sign-in is now too old, so the server redirects to a new one.
    if (response.redirected || !(response.ok || response.status === 503)) fail('gone')
    else answer(await response.json())
  }

  async function run() {
    let stream
    try {
      stream = await openCamera()
    } catch {
      fail('camera')
      return
    }
    try {
      show('running')
      video.srcObject = stream
      await video.play()
      const body = await capture()
      video.pause()
      await send(body)
    } catch {
      fail('network')
    } finally {
      for (const track of stream.getTracks()) track.stop()
    }
  }

  panel.querySelector('[data-begin]').addEventListener('click', () => void run())
  show('ready')
}

faceCapture()

// Finds the face, takes pictures while the person follows the page, and sends them once. The server looks and decides.
function faceCapture() {
  const panel = document.querySelector('[data-face]')
  const video = panel.querySelector('video')
  const now = panel.querySelector('[data-now]')
  const say = now.querySelector('[data-say]')
  const steps = [...panel.querySelectorAll('[data-step]')]
  const arcs = [...panel.querySelectorAll('[data-arc]')]
  const anyway = panel.querySelector('[data-anyway]')
  const { face: base, check, csrf, darkest } = panel.dataset
  const everyMs = 400
  const lookEveryMs = 1000
  const pictures = { straight: 3, other: 5 }
  /** Time to read the instruction, before the first picture of a step. */
  const readMs = 900
  /** A person who is not found may begin all the same. */
  const patienceMs = 12_000
  const [width, small] = [640, 320]

  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

  function show(state) {
    panel.dataset.state = state
    for (const part of panel.querySelectorAll('[data-when]'))
      part.hidden = !part.dataset.when.split(' ').includes(state)
  }

  function tell(words, step) {
    now.querySelector('[data-count]').textContent = step?.dataset.countWords ?? ''
    for (const icon of now.querySelectorAll('[data-icon]')) icon.hidden = icon.dataset.icon !== step?.dataset.step
    say.textContent = words
  }

  function fail(fault) {
    show('fault')
    const note = panel.querySelector(`[data-fault=${fault}]`)
    note.hidden = false
    note.focus()
  }

  /** Why the camera did not open, by the names of W3C Media Capture and Streams, 10.2. */
  const faults = {
    NotFoundError: 'missing',
    OverconstrainedError: 'missing',
    NotReadableError: 'taken',
    AbortError: 'taken',
  }

  async function openCamera() {
    // a page without https, or an old window inside an app
    if (!navigator.mediaDevices) throw new DOMException('', 'NotFoundError')
    return navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: 'user', width: { ideal: width }, height: { ideal: 480 } },
    })
  }

  const canvas = document.createElement('canvas')
  function draw(wide) {
    canvas.width = Math.min(wide, video.videoWidth)
    canvas.height = Math.round((canvas.width * video.videoHeight) / video.videoWidth)
    const context = canvas.getContext('2d', { willReadFrequently: true })
    context.drawImage(video, 0, 0, canvas.width, canvas.height)
    return context
  }
  const jpeg = (quality) => new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', quality))

  /** Mean luminance of every eighth pixel, as the server measures it. */
  function lightOf({ data }) {
    let sum = 0
    for (let at = 0; at < data.length; at += 32) sum += 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2]
    return sum / Math.ceil(data.length / 32)
  }

  /** For each picture: its step (one byte), its length (four bytes, big endian), its bytes. */
  function framed(step, blob) {
    const head = new DataView(new ArrayBuffer(5))
    head.setUint8(0, step)
    head.setUint32(1, blob.size)
    return [head.buffer, blob]
  }

  const post = (what, body) =>
    fetch(`${base}/${what}?check=${encodeURIComponent(check)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-yideng-frames', 'x-csrf': csrf, accept: 'application/json' },
      body,
    })

  /** Asks the server about one small still; darkness shows without it. */
  async function look() {
    const context = draw(small)
    if (lightOf(context.getImageData(0, 0, canvas.width, canvas.height)) < Number(darkest)) return 'dark'
    try {
      const response = await post('look', new Blob(framed(0, await jpeg(0.7))))
      if (response.redirected) return 'late'
      return response.ok ? (await response.json()).seen : 'unknown'
    } catch {
      return 'unknown'
    }
  }

  function seen(what) {
    for (const pill of panel.querySelectorAll('[data-of]')) pill.hidden = pill.dataset.of !== what
  }

  /** Looks once a second until `stop`; `last` is what the last look saw. */
  function watch() {
    let end
    const stopped = new Promise((resolve) => (end = resolve))
    const watching = { running: true, last: 'unknown', good: 0 }
    const ended = (async () => {
      while (watching.running) {
        if (!document.hidden) watching.last = await look()
        watching.good = watching.last === 'good' ? watching.good + 1 : 0
        // a face that turns or comes nearer leaves its place; only what spoils the pictures is said
        const { state } = panel.dataset
        if (state === 'looking') seen(watching.last)
        if (state === 'running') seen(['good', 'close', 'aside'].includes(watching.last) ? 'clear' : watching.last)
        await Promise.race([stopped, pause(lookEveryMs)])
      }
    })()
    return Object.assign(watching, {
      stop() {
        watching.running = false
        end()
        return ended
      },
    })
  }

  /** Waits for a face of the right size, place and light, seen twice; or for the person's own decision. */
  async function found(watching) {
    tell(say.dataset.looking)
    const decided = new Promise((resolve) => anyway.addEventListener('click', () => resolve(true), { once: true }))
    const patience = setTimeout(() => (anyway.hidden = false), patienceMs)
    try {
      while (watching.good < 2) {
        if (watching.last === 'late') return false
        if (await Promise.race([decided, pause(100)])) break
      }
      return true
    } finally {
      clearTimeout(patience)
      anyway.hidden = true
    }
  }

  /** A step begins with a face in sight, or after ten seconds: the server decides in the end. */
  async function inSight(watching) {
    const end = performance.now() + 10_000
    while (['dark', 'none', 'many'].includes(watching.last) && performance.now() < end) await pause(100)
  }

  async function capture(watching) {
    const parts = []
    show('running')
    for (const [index, step] of steps.entries()) {
      step.setAttribute('aria-current', 'step')
      tell(step.dataset.sayWords, step)
      await pause(readMs)
      await inSight(watching)
      const all = index === 0 ? pictures.straight : pictures.other
      arcs[index].removeAttribute('hidden')
      for (let taken = 1; taken <= all; taken += 1) {
        draw(width)
        parts.push(...framed(index, await jpeg(0.85)))
        arcs[index].setAttribute('stroke-dasharray', `${(arcs[index].dataset.arc * taken) / all} 100`)
        await pause(everyMs)
      }
      step.removeAttribute('aria-current')
      step.dataset.finished = ''
    }
    return new Blob(parts)
  }

  function answer({ outcome, reasons }) {
    if (outcome === 'passed') {
      panel.querySelector('[data-done]').submit()
      return
    }
    for (const part of panel.querySelectorAll('[data-outcome]')) part.hidden = part.dataset.outcome !== outcome
    for (const part of panel.querySelectorAll('[data-reason]')) part.hidden = !reasons.includes(part.dataset.reason)
    show('told')
    panel.querySelector('[data-when=told]').focus()
  }

  async function send(body) {
    seen('')
    tell(say.dataset.sending)
    show('sending')
    const response = await post('frames', body)
    // the sign-in is now too old, so the server redirects to a new one
    if (response.redirected || !(response.ok || response.status === 503)) fail('gone')
    else answer(await response.json())
  }

  async function run() {
    let stream
    try {
      stream = await openCamera()
    } catch (error) {
      fail(faults[error.name] ?? 'refused')
      return
    }
    let watching
    try {
      show('looking')
      now.focus()
      video.srcObject = stream
      await video.play()
      watching = watch()
      if (await found(watching)) {
        const body = await capture(watching)
        video.pause()
        await watching.stop()
        await send(body)
      } else fail('gone')
    } catch {
      fail('network')
    } finally {
      void watching?.stop()
      for (const track of stream.getTracks()) track.stop()
    }
  }

  panel.querySelector('[data-begin]').addEventListener('click', () => void run())
  show('ready')
}

faceCapture()

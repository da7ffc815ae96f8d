// The computer's side of the QR login, without secrets. The server makes and signs every frame. This script draws frames,
// hides old ones, and submits plain forms. It starts when its place is seen, and rests while the page is hidden.
function qrLogin() {
  const panel = document.querySelector('[data-qr]')
  const canvas = panel.querySelector('.qr-canvas')
  const codeForm = panel.querySelector('[data-code]')
  const redeemForm = panel.querySelector('[data-redeem]')
  const status = panel.querySelector('[data-status]')
  const action = panel.dataset.qr
  const csrf = redeemForm.elements.csrf.value
  const hideMs = Number(panel.dataset.hide) * 1000
  const silentMs = 5000
  const ring = panel.querySelector('.ring .left')
  let encodeQR
  let id
  let source
  let asking
  let view = {}
  let resting = false
  /** Times of this page's clock: when the shown frame was made, when the server last answered, when this state ends. */
  let madeAt = 0
  let heardAt = 0
  let endsAt = 0

  function show(state) {
    if (panel.dataset.state === state) return
    panel.dataset.state = state
    // a kiosk is not cleared while a phone decides
    panel.toggleAttribute('data-busy', ['scanned', 'code', 'approved'].includes(state))
    for (const part of panel.querySelectorAll('[data-when]'))
      part.hidden = !part.dataset.when.split(' ').includes(state)
    status.textContent = status.dataset[`words${state[0].toUpperCase()}${state.slice(1)}`] ?? ''
    if (state === 'code') codeForm.elements.code.focus()
  }

  function draw(text) {
    const rows = encodeQR(text)
    const path = rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('')
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
    // four light modules around it (ISO/IEC 18004, 5.3.8)
    svg.setAttribute('viewBox', `-4 -4 ${rows.length + 8} ${rows.length + 8}`)
    svg.setAttribute('shape-rendering', 'crispEdges')
    svg.append(document.createElementNS('http://www.w3.org/2000/svg', 'path'))
    svg.firstChild.setAttribute('d', path)
    canvas.replaceChildren(svg)
  }

  function stop() {
    source?.close()
    clearInterval(asking)
    source = asking = undefined
  }

  function end(reason) {
    const inside = panel.contains(document.activeElement)
    stop()
    id = undefined
    canvas.replaceChildren()
    for (const words of panel.querySelectorAll('[data-reason]')) words.hidden = words.dataset.reason !== reason
    show('ended')
    // never from under the hands of a person who types a password
    if (inside) panel.querySelector('[data-again]').focus()
  }

  function countDown() {
    const left = Math.max(0, Math.ceil((endsAt - performance.now()) / 1000))
    for (const place of panel.querySelectorAll('[data-left]')) place.textContent = left
    ring.setAttribute('stroke-dasharray', `${Math.min(100, (100 * left) / panel.dataset.shown)} 100`)
  }

  function take(said) {
    if (!id) return
    heardAt = performance.now()
    endsAt = heardAt + said.left * 1000
    countDown()
    if (said.frame && said.frame !== view.frame) {
      draw(said.frame)
      madeAt = heardAt - said.age
    }
    view = said
    if (said.state === 'created') show(said.frame ? 'created' : 'lost')
    else if (said.state === 'scanned') show('scanned')
    else if (said.state !== 'approved') end(said.reason ?? 'gone')
    else if (said.code !== undefined) show('code')
    else redeem()
    if (said.state !== 'created') canvas.replaceChildren()
  }

  function redeem() {
    stop()
    show('approved')
    redeemForm.elements.id.value = id
    // Stream and answer can both report it. A second form would cancel the first, which the server already accepted.
    id = undefined
    redeemForm.submit()
  }

  async function post(step, fields) {
    const answer = await fetch(`${action}/${step}`, {
      method: 'POST',
      headers: { accept: 'application/json' },
      body: new URLSearchParams({ csrf, ...fields }),
    })
    const said = await answer.json()
    if (answer.ok) return said
    const reasons = { too_many_requests: 'busy', busy: 'busy', server_error: 'busy' }
    throw new Error(reasons[said.error] ?? (step === 'start' && said.error === 'qr_ended' ? 'used_up' : 'gone'))
  }

  async function ask() {
    const asked = id
    const answer = await fetch(`${action}/state?id=${asked}`, { headers: { accept: 'application/json' } }).catch(
      () => {},
    )
    if (!answer || asked !== id) return
    if (answer.ok) take(await answer.json())
    else if (answer.status < 500) end('gone')
  }

  /** Server-sent events; a request every second if a proxy blocks them. */
  function listen() {
    source = new EventSource(`${action}/stream?id=${id}`)
    source.onmessage = ({ data }) => {
      clearInterval(asking)
      asking = undefined
      take(JSON.parse(data))
    }
    source.onerror = () => (asking ??= setInterval(ask, 1000))
  }

  async function start() {
    stop()
    show('starting')
    view = {}
    try {
      ;({ default: encodeQR } = await import(panel.dataset.encoder))
      const begun = await post('start', {})
      id = begun.id
      take(begun)
      listen()
    } catch (error) {
      end(['busy', 'used_up', 'gone'].includes(error.message) ? error.message : 'busy')
    }
  }

  /** A hidden page needs no frames; the server's time goes on. */
  function rest() {
    if (panel.dataset.state !== 'created' && panel.dataset.state !== 'lost') return
    stop()
    canvas.replaceChildren()
    resting = true
  }

  async function wake() {
    if (!resting) return
    resting = false
    await ask()
    if (id) listen()
  }

  /** Tells the phone that this page waits no longer. */
  function leave() {
    if (id && panel.hasAttribute('data-busy'))
      navigator.sendBeacon(`${action}/cancel`, new URLSearchParams({ csrf, id }))
  }

  setInterval(() => {
    if (!id || resting) return
    const now = performance.now()
    countDown()
    // Independent of the connection: no usable frame stays on the screen.
    if (view.state === 'created' && now - madeAt > hideMs) {
      canvas.replaceChildren()
      show('lost')
    }
    if (now - heardAt > silentMs) asking ??= setInterval(ask, 1000)
  }, 250)

  codeForm.addEventListener('submit', async (event) => {
    event.preventDefault()
    const field = codeForm.elements.code
    const problem = panel.querySelector('#qr-code-problem')
    try {
      const said = await post('code', { id, code: field.value })
      problem.hidden = said.right
      field.toggleAttribute('aria-invalid', !said.right)
      if (!said.right) field.select()
      take(said)
    } catch {
      problem.hidden = false
      field.select()
    }
  })
  panel.querySelector('[data-again]').addEventListener('click', start)
  // the phone of a stranger may have scanned: the person here ends it at once
  for (const button of panel.querySelectorAll('[data-cancel]'))
    button.addEventListener('click', () => post('cancel', { id }).then(take, () => end('gone')))
  document.addEventListener('visibilitychange', () => (document.hidden ? rest() : wake()))
  addEventListener('pagehide', leave)

  // the first code when its place is seen: not far below on a narrow window, not in a tab behind
  const seen = new IntersectionObserver((places) => {
    if (document.hidden || !places.some(({ isIntersecting }) => isIntersecting)) return
    seen.disconnect()
    void start()
  })
  const watch = () => seen.observe(panel.querySelector('.code'))
  if (document.readyState === 'complete') watch()
  else addEventListener('load', watch)
}

qrLogin()

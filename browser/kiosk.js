// A machine that many people use: keys for one without a keyboard, and the way out after a minute without a touch.
{
  for (const keys of document.querySelectorAll('[data-keys]')) {
    const field = document.getElementById(keys.dataset.keys)
    keys.addEventListener('click', ({ target }) => {
      const key = target.closest('[data-key]')
      if (!key) return
      field.value = key.dataset.key ? field.value + key.dataset.key : field.value.slice(0, -1)
    })
  }

  const leave = document.querySelector('[data-idle]')
  const soon = document.querySelector('[data-idle-soon]')
  const idleMs = leave.dataset.idle * 1000
  const warnedMs = soon.dataset.idleSoon * 1000
  let touchedAt = performance.now()
  for (const act of ['pointerdown', 'pointermove', 'keydown', 'input'])
    addEventListener(act, () => (touchedAt = performance.now()), { passive: true })

  function clear() {
    for (const form of document.forms) form.reset()
    for (const field of document.querySelectorAll('input:not([type=hidden])')) field.value = ''
  }

  const timer = setInterval(() => {
    const stillMs = performance.now() - touchedAt
    // a phone decides about this computer: its person looks at the phone
    const busy = document.querySelector('[data-busy]')
    soon.hidden = Boolean(busy) || stillMs < idleMs - warnedMs
    if (stillMs < idleMs) return
    // typed data does not wait for a phone, which has minutes
    clear()
    if (busy) return
    clearInterval(timer)
    leave.submit()
  }, 1000)
}

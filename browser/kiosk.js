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
  let touchedAt = performance.now()
  for (const act of ['pointerdown', 'pointermove', 'keydown', 'input'])
    addEventListener(act, () => (touchedAt = performance.now()), { passive: true })
  const timer = setInterval(() => {
    // a phone decides about this computer: its person looks at the phone
    if (document.querySelector('[data-busy]')) touchedAt = performance.now()
    if (performance.now() - touchedAt < leave.dataset.idle * 1000) return
    clearInterval(timer)
    for (const form of document.forms) form.reset()
    for (const field of document.querySelectorAll('input:not([type=hidden])')) field.value = ''
    leave.submit()
  }, 1000)
}

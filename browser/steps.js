// Small helps of every page: show a password, take the focus, count seconds down, take a done thing back. Pages work without them.
{
  for (const button of document.querySelectorAll('[data-show]')) {
    const field = document.getElementById(button.getAttribute('aria-controls'))
    button.hidden = false
    button.addEventListener('click', () => {
      const shown = field.type === 'password'
      field.type = shown ? 'text' : 'password'
      button.setAttribute('aria-pressed', String(shown))
    })
    // password managers look at the type of the field that is sent
    field.form?.addEventListener('submit', () => (field.type = 'password'))
  }

  // `autofocus` would scroll past what the person has to read first
  document.querySelector('[data-focus]')?.focus({ preventScroll: true })

  const endOf = (seconds) => performance.now() + seconds * 1000

  for (const clock of document.querySelectorAll('[data-countdown]')) {
    const whole = Number(clock.dataset.countdown)
    const { of, next } = clock.dataset
    const number = clock.querySelector('b')
    const ring = clock.querySelector('.ring .left')
    const counting = clock.querySelector('[data-counting]')
    // a screen reader says the time at few moments: each second would drown the page
    const said = clock.nextElementSibling
    let moments = said.dataset.moments.split(' ').filter((moment) => moment < whole)
    const end = endOf(whole)
    const timer = setInterval(() => {
      const left = Math.max(0, Math.ceil((end - performance.now()) / 1000))
      number.textContent = left
      ring?.setAttribute('stroke-dasharray', `${Math.min(100, (100 * left) / of)} 100`)
      if (moments.some((moment) => left <= moment)) {
        moments = moments.filter((moment) => left > moment)
        said.textContent = counting.textContent
      }
      if (left > 0) return
      clearInterval(timer)
      if (next) location.replace(next)
      const over = clock.querySelector('[data-over]')
      if (over) {
        counting.hidden = true
        over.hidden = false
        said.textContent = over.textContent
      }
      clock.dispatchEvent(new Event('over', { bubbles: true }))
    }, 250)
  }

  // WCAG 2.2, 2.2.1: it stays while a person looks at it
  for (const toast of document.querySelectorAll('[data-toast]')) {
    const least = 10
    let end = endOf(least)
    toast.classList.add('toast-over')
    const timer = setInterval(() => {
      if (toast.matches(':hover, :focus-within') || document.hidden) end = endOf(least)
      if (performance.now() < end) return
      clearInterval(timer)
      toast.hidden = true
    }, 500)
  }
}

// Small helps of every page: show a password, count seconds down, take a done thing back. Pages work without them.
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

  const endOf = (seconds) => performance.now() + seconds * 1000

  for (const clock of document.querySelectorAll('[data-countdown]')) {
    const whole = Number(clock.dataset.countdown)
    const number = clock.querySelector('b')
    const end = endOf(whole)
    const timer = setInterval(() => {
      const left = Math.max(0, Math.ceil((end - performance.now()) / 1000))
      number.textContent = left
      if (left > 0) return
      clearInterval(timer)
      const over = clock.querySelector('[data-over]')
      if (over) {
        clock.querySelector('[data-counting]').hidden = true
        over.hidden = false
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

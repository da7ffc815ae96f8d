// Helps of a registration: the hint of the chosen document, rules that tick, and a note before the end. The pages work without it.
{
  for (const hints of document.querySelectorAll('[data-hints]')) {
    const choice = document.getElementById(hints.dataset.hints)
    const show = () => {
      for (const hint of hints.children) hint.hidden = hint.dataset.hint !== choice.value
    }
    choice.addEventListener('change', show)
    show()
  }

  const compact = (text) =>
    text
      .normalize('NFKC')
      .toLowerCase()
      .replaceAll(/[\s·-]/gu, '')
  // the server checks every rule again (src/accounts/passwords/password-rules.ts)
  const holds = {
    length: (password) => [...password].length >= 8,
    personal: (password, texts) =>
      password !== '' &&
      texts.every((text) => {
        const tail = /\d{6}$/.test(text) ? text.slice(-6) : text
        return !password.includes(tail) && !text.includes(password)
      }),
  }
  for (const rules of document.querySelectorAll('[data-rules]')) {
    const field = document.getElementById(rules.dataset.rules)
    const tick = () => {
      for (const rule of rules.querySelectorAll('[data-rule]')) {
        const texts = [...rule.querySelectorAll('data')].map(({ value }) => compact(value))
        const known = field.value !== ''
        rule.classList.toggle('ok', known && holds[rule.dataset.rule](compact(field.value), texts))
      }
    }
    field.addEventListener('input', tick)
    tick()
  }

  for (const note of document.querySelectorAll('[data-registration]')) {
    const { registration: whole, before } = note.dataset
    const form = note.closest('form')
    let timer
    const begin = () => {
      note.hidden = true
      clearTimeout(timer)
      timer = setTimeout(() => (note.hidden = false), Math.max(0, whole - before) * 1000)
    }
    begin()
    // keeps what is typed without leaving the page; without an answer the form is sent as a page
    note.querySelector('[data-keep]').addEventListener('click', async (event) => {
      event.preventDefault()
      const body = new URLSearchParams(new FormData(form))
      body.set('keep', 'on')
      const answer = await fetch(form.action, { method: 'POST', body }).catch(() => undefined)
      if (!answer?.ok) return form.submit()
      document.querySelector('[data-until]').textContent = new DOMParser()
        .parseFromString(await answer.text(), 'text/html')
        .querySelector('[data-until]').textContent
      begin()
    })
  }
}

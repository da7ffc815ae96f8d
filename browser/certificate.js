// Asks the program on this computer for a signature over the text of the page (docs/certificates.md). Then it sends the form. Without
// such a program the page shows a sentence, and the form takes an answer by hand.
{
  const part = document.querySelector('[data-certificate]')
  const form = document.querySelector('[data-certificate-form]')
  const text = document.querySelector('[data-certificate-text]').textContent
  const button = part.querySelector('button')
  /** The challenge counts for five minutes; a signature after that is in vain. */
  const until = performance.now() + 290000

  /** Shows exactly one sentence. */
  function tell(what) {
    for (const sentence of part.querySelectorAll('[data-told]')) sentence.hidden = sentence.dataset.told !== what
  }

  async function sign() {
    const answer = await fetch(`${part.dataset.certificate}/yideng/sign`, {
      method: 'POST',
      credentials: 'omit',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text }),
    })
    return answer.ok ? answer.json() : undefined
  }

  button.addEventListener('click', async () => {
    if (performance.now() > until) return tell('late')
    button.disabled = true
    tell('waiting')
    try {
      const signed = await sign()
      if (signed) {
        const { certificate, signature, algorithm } = signed
        form.elements.answer.value = JSON.stringify({ certificate, signature, algorithm })
        return form.submit()
      }
      tell('cancelled')
    } catch {
      tell('none')
    }
    button.disabled = false
  })
}

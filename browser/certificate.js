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
    return (answer.ok && (await answer.json())) || 'cancelled'
  }

  function send({ certificate, signature, algorithm }) {
    form.elements.answer.value = JSON.stringify({ certificate, signature, algorithm })
    form.submit()
  }

  button.addEventListener('click', async () => {
    const isLate = performance.now() > until
    tell(isLate ? 'late' : 'waiting')
    if (isLate) return
    button.disabled = true
    const signed = await sign().catch(() => 'none')
    if (typeof signed === 'object') {
      send(signed)
      return
    }
    button.disabled = false
    tell(signed)
  })
}

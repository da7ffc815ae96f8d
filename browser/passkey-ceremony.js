// Passkeys in the browser. A page gets options from the server, and the browser makes or uses a passkey. The result is a
// plain form, so the next step is an ordinary navigation. Without WebAuthn these parts of the page stay hidden.
const webauthn = window.SimpleWebAuthnBrowser

async function askOptions(part, fields) {
  const { csrf } = part.querySelector('[data-result]').elements
  const body = new URLSearchParams(fields)
  body.set('csrf', csrf.value)
  const answer = await fetch(part.dataset.options, { method: 'POST', headers: { accept: 'application/json' }, body })
  if (!answer.ok || answer.redirected) throw new Error('no options')
  return answer.json()
}

function send(part, answer) {
  const form = part.querySelector('[data-result]')
  form.elements.response.value = JSON.stringify(answer)
  form.submit()
}

/** Shows exactly one sentence of a part. */
function tell(part, what) {
  for (const sentence of part.querySelectorAll('[data-told]')) sentence.hidden = sentence.dataset.told !== what
}

function reasonOf(error) {
  if (error.name === 'InvalidStateError') return 'known'
  return error.message === 'no options' || error instanceof TypeError ? 'late' : 'cancelled'
}

/** A page with one button that makes a passkey or signs with one. */
function onButton(part, ceremony) {
  const button = part.querySelector('[data-start]')
  part.hidden = false
  button.addEventListener('click', async () => {
    button.disabled = true
    tell(part, '')
    try {
      send(part, await ceremony({ optionsJSON: await askOptions(part, {}) }))
    } catch (error) {
      button.disabled = false
      tell(part, reasonOf(error))
    }
  })
}

const starts = {
  create: (part) => onButton(part, webauthn.startRegistration),
  sign: (part) => onButton(part, webauthn.startAuthentication),
}

if (webauthn.browserSupportsWebAuthn()) {
  for (const part of document.querySelectorAll('[data-passkey]')) starts[part.dataset.passkey](part)
} else {
  for (const words of document.querySelectorAll('[data-passkey-none]')) words.hidden = false
}

// Signs in by passkey with the browser's own WebAuthn: by autofill in the name field, or by the button. The result is a plain
// form. A page that cannot use it hides the button.
{
  const part = document.querySelector('[data-passkey=sign-in]')
  const form = part.querySelector('[data-result]')
  const button = part.querySelector('button')
  const renewMs = 240000
  let options
  let asking
  let pressed = false
  let inField = new AbortController()

  const bytesOf = (text) =>
    Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0))
  const textOf = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replaceAll('=', '')

  /** Shows exactly one sentence. */
  function tell(what) {
    for (const sentence of part.querySelectorAll('[data-told]')) sentence.hidden = sentence.dataset.told !== what
  }

  async function ask() {
    const here = await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable()
    const body = new URLSearchParams({ csrf: form.elements.csrf.value, here: here ? 'yes' : 'no' })
    const answer = await fetch(part.dataset.options, { method: 'POST', headers: { accept: 'application/json' }, body })
    if (!answer.ok || answer.redirected) throw new TypeError('no options')
    return answer.json()
  }

  /** One request at a time, because the server keeps only the last challenge. */
  async function renew() {
    asking ??= ask()
    try {
      options = await asking
    } finally {
      asking = undefined
    }
  }

  async function signIn(how) {
    const publicKey = { ...options, challenge: bytesOf(options.challenge) }
    const made = await navigator.credentials.get({ ...how, publicKey })
    const { clientDataJSON, authenticatorData, signature, userHandle } = made.response
    form.elements.response.value = JSON.stringify({
      id: made.id,
      rawId: textOf(made.rawId),
      type: made.type,
      authenticatorAttachment: made.authenticatorAttachment ?? undefined,
      clientExtensionResults: made.getClientExtensionResults(),
      response: {
        clientDataJSON: textOf(clientDataJSON),
        authenticatorData: textOf(authenticatorData),
        signature: textOf(signature),
        userHandle: userHandle ? textOf(userHandle) : undefined,
      },
    })
    form.submit()
  }

  async function offerInField() {
    const field = document.querySelector('input[autocomplete$="webauthn"]')
    if (!field || !(await PublicKeyCredential.isConditionalMediationAvailable?.()) || pressed) return
    inField.abort()
    inField = new AbortController()
    // the button aborted it, or there is no passkey here: the page shows the other ways
    await signIn({ mediation: 'conditional', signal: inField.signal }).catch(() => {})
  }

  /** A challenge lasts five minutes; a page that waits longer gets another. */
  async function begin() {
    if (pressed) return
    options = undefined
    try {
      await renew()
    } catch {
      return
    }
    await offerInField()
  }

  async function press() {
    pressed = true
    button.disabled = true
    tell('')
    try {
      if (asking || !options) await renew()
      inField.abort()
      await signIn({})
    } catch (error) {
      pressed = false
      button.disabled = false
      tell(error instanceof TypeError ? 'late' : 'cancelled')
      if (options) await offerInField()
    }
  }

  if (window.PublicKeyCredential) {
    button.addEventListener('click', press)
    setInterval(begin, renewMs)
    void begin()
  } else {
    part.hidden = true
    for (const words of document.querySelectorAll('[data-passkey-none]')) words.hidden = false
  }
}

// Fills in the code of a text message where the browser can read it for this host (WebOTP). Without it the person types the code.
const field = document.querySelector('input[autocomplete="one-time-code"]')
if (field && 'OTPCredential' in window) {
  const ended = new AbortController()
  field.form.addEventListener('submit', () => ended.abort())
  navigator.credentials
    .get({ otp: { transport: ['sms'] }, signal: ended.signal })
    .then((found) => {
      if (found?.code && field.value === '') field.value = found.code
    })
    .catch(() => undefined)
}

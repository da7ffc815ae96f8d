// Fills in the code of a text message where the browser can read it for this host (WebOTP). Without it the person types the code.
const field = document.querySelector('input[autocomplete="one-time-code"]')

async function fill() {
  const ended = new AbortController()
  field.form.addEventListener('submit', () => ended.abort())
  try {
    const found = await navigator.credentials.get({ otp: { transport: ['sms'] }, signal: ended.signal })
    if (found?.code && field.value === '') field.value = found.code
  } catch {
    // no text came, or the person did not want it
  }
}

if (field && 'OTPCredential' in window) void fill()

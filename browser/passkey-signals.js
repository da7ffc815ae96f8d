// Tells the keeper of passkeys which of them the server knows (WebAuthn Level 3, 5.1.10). A browser without it does nothing.
// A page that moves on waits for the keeper, but not long.
{
  const longestMs = 1000
  const signals = [...document.querySelectorAll('[data-signal]')].map(async ({ dataset }) => {
    await window.PublicKeyCredential?.[dataset.signal]?.(JSON.parse(dataset.options))
  })
  const onward = document.querySelector('[data-onward]')
  if (onward) {
    const late = new Promise((resolve) => {
      setTimeout(resolve, longestMs)
    })
    void Promise.race([Promise.allSettled(signals), late]).then(() => location.replace(onward.href))
  } else {
    void Promise.allSettled(signals)
  }
}

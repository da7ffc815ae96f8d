// Tells the keeper of passkeys which of them the server knows (WebAuthn Level 3, 5.1.10). A browser without it does nothing.
for (const { dataset } of document.querySelectorAll('[data-signal]')) {
  const signal = window.PublicKeyCredential?.[dataset.signal]
  if (signal) signal.call(PublicKeyCredential, JSON.parse(dataset.options)).catch(() => {})
}

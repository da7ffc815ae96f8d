// A frame that a camera opened is claimed without a tap, but only by a page that somebody sees. Without a script the button does it.
const look = document.querySelector('[data-look]')
function claim() {
  if (document.visibilityState !== 'visible' || document.prerendering) return
  document.removeEventListener('visibilitychange', claim)
  look.requestSubmit()
}
document.addEventListener('visibilitychange', claim)
claim()

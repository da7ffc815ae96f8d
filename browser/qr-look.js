// Claims a scanned frame without a tap, but only on a visible page. Without scripts the button does it.
const look = document.querySelector('[data-look]')
function claim() {
  if (document.visibilityState !== 'visible' || document.prerendering) return
  document.removeEventListener('visibilitychange', claim)
  look.requestSubmit()
}
document.addEventListener('visibilitychange', claim)
claim()

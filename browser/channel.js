// Opens the native page of the mini program around this page, by the bridge of the vendor's app. WeChat's is there already.
// Alipay's is a script inside its app (docs/decisions/0128). Where none answers, the page shows a sentence.
{
  const patienceMs = 2000
  const alipayBridge = 'https://appx/web-view.min.js'
  const { nonce } = document.currentScript

  /** Opens when the event comes, and never when it comes too late: the person has chosen another way by then. */
  function whenTold(target, event, open, failed) {
    const late = setTimeout(() => {
      target.removeEventListener(event, begin)
      failed()
    }, patienceMs)
    function begin() {
      clearTimeout(late)
      open()
    }
    target.addEventListener(event, begin, { once: true })
  }

  function load(address) {
    const script = document.createElement('script')
    Object.assign(script, { nonce, src: address })
    document.head.append(script)
    return script
  }

  const vendors = {
    wechat(url, failed) {
      // two names for one thing, by the version of WeChat
      const told = ({ errMsg, err_msg: said = errMsg ?? '' } = {}) => said && !said.endsWith(':ok') && failed()
      const open = () => WeixinJSBridge.invoke('invokeMiniProgramAPI', { name: 'navigateTo', arg: { url } }, told)
      if (window.WeixinJSBridge) open()
      else whenTold(document, 'WeixinJSBridgeReady', open, failed)
    },
    alipay(url, failed) {
      const open = () => (window.my?.navigateTo ? my.navigateTo({ url, fail: failed }) : failed())
      if (window.my?.navigateTo) open()
      else whenTold(load(alipayBridge), 'load', open, failed)
    },
  }

  for (const part of document.querySelectorAll('[data-channel][data-handle]')) {
    const { handle, login, native = 'index', vendor = 'wechat' } = part.dataset
    const button = part.matches('button') ? part : part.querySelector('button')
    const none = part.querySelector('[data-channel-none]') ?? document.querySelector('[data-channel-none]')
    const asked = new URLSearchParams({ a: handle, ...(login ? { l: login } : {}) })
    const say = (shown) => none && (none.hidden = !shown)
    button.addEventListener('click', () => {
      say(false)
      button.disabled = true
      setTimeout(() => (button.disabled = false), patienceMs)
      vendors[vendor](`/pages/yideng/${native}?${asked}`, () => say(true))
    })
  }
}

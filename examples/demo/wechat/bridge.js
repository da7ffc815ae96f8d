// The bridge of WeChat's browser to the mini program around it, as far as a page of Yideng uses it
window.WeixinJSBridge = {
  invoke(api, { name, arg } = {}, done = () => undefined) {
    const known = api === 'invokeMiniProgramAPI' && name === 'navigateTo' && /^\/pages\/[\w/]+\?/.test(arg?.url)
    done({ err_msg: `${api}:${known ? 'ok' : 'fail'}` })
    if (!known) return
    const page = new URL(arg.url, '{phone}')
    page.searchParams.set('below', '1')
    location.assign(page)
  },
  on() {},
}
document.dispatchEvent(new Event('WeixinJSBridgeReady'))

const { issuer, channel } = require('./settings.js')

module.exports = {
  // 支付宝给的代码：说明是谁的支付宝，只能用一次
  login: (done, fail) => my.getAuthCode({ scopes: 'auth_base', success: ({ authCode }) => done(authCode), fail }),

  // 请求一登
  ask: (what, data, done, fail) =>
    my.request({
      url: `${issuer}/api/channel/${channel}/${what}`,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      timeout: 10000,
      data,
      fail,
      success: ({ status, data: answer }) => (status === 200 ? done(answer) : fail()),
    }),

  // 让打开这一页的网页前往一登的地址，然后回到网页
  open(address, fail) {
    const pages = getCurrentPages()
    const web = pages[pages.length - 2]
    if (web) {
      web.setData({ address })
      my.navigateBack()
    } else fail()
  },
}

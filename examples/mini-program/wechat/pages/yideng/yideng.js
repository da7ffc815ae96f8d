const { issuer, channel } = require('./settings.js')

module.exports = {
  // 微信给的代码：说明是谁的微信，只能用一次
  login: (done, fail) => wx.login({ success: ({ code }) => done(code), fail }),

  // 请求一登
  ask: (what, data, done, fail) =>
    wx.request({
      url: `${issuer}/api/channel/${channel}/${what}`,
      method: 'POST',
      timeout: 10000,
      data,
      fail,
      success: ({ statusCode, data: answer }) => (statusCode === 200 ? done(answer) : fail()),
    }),

  // 让打开这一页的网页前往一登的地址，然后回到网页
  open(address, fail) {
    const pages = getCurrentPages()
    const web = pages[pages.length - 2]
    if (web) {
      web.setData({ address })
      wx.navigateBack()
    } else fail()
  },
}

const { login, ask, open } = require('./yideng.js')

// 一登的手机号码页打开这一页：人同意以后，微信给出代码，一登用它取得号码
Page({
  data: { failed: false },
  onLoad(query) {
    this.query = query
  },
  send({ detail }) {
    const fail = () => this.setData({ failed: true })
    const back = ({ address }) => open(address, fail)
    this.setData({ failed: false })
    if (!detail.code) fail()
    else login((own) => ask('phone', { code: detail.code, login: own, handle: this.query.a }, back, fail), fail)
  },
})

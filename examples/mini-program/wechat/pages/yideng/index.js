const { issuer, channel } = require('./settings.js')
const { login, ask, open } = require('./yideng.js')

// 一登的登录页打开这一页：a 是句柄，l 是登录过程的编号
Page({
  data: { failed: false },
  onLoad(query) {
    this.query = query
    this.start()
  },
  start() {
    const { a: handle, l: attempt } = this.query
    const fail = () => this.setData({ failed: true })
    const enter = ({ ticket }) => {
      const [path, t] = [encodeURIComponent(attempt), encodeURIComponent(ticket)]
      open(`${issuer}/login/${path}/channel/${channel}/enter?t=${t}`, fail)
    }
    this.setData({ failed: false })
    login((code) => ask('ticket', { code, handle }, enter, fail), fail)
  },
})

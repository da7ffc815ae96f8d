const { portal } = require('../yideng/settings.js')

// 门户在这个网页中打开；一登的页面也在这里
Page({ data: { address: portal } })

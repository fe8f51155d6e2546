autocmd BufNewFile,BufRead *.flowql setfiletype flowql

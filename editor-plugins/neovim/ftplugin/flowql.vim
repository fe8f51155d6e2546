" Vim filetype plugin
" Language: FlowQL

if exists('b:did_ftplugin')
  finish
endif
let b:did_ftplugin = 1

setlocal comments=s1:/*,mb:*,ex:*/,:--
setlocal commentstring=--\ %s
" Filters are not wrapped while they are typed, only comments are. A new line does not begin with a comment by
" itself: what follows the line that names a filter is the filter.
setlocal formatoptions-=t formatoptions-=r formatoptions-=o formatoptions+=cqlj
setlocal suffixesadd=.flowql
" What `gq` formats is one filter. A filter with errors is printed as it is, and why must not get into the text.
" Neovim asks the language server instead, unless this is set.
if !has('nvim')
  let &l:formatprg = 'flowql fmt - 2>' . (has('win32') ? 'NUL' : '/dev/null')
endif

let b:undo_ftplugin = 'setlocal comments< commentstring< formatoptions< suffixesadd< formatprg<'

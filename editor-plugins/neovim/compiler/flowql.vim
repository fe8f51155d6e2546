" Vim compiler file
" Compiler: flowql check

if exists('g:current_compiler')
  finish
endif
let g:current_compiler = 'flowql'

let s:save_cpo = &cpoptions
set cpoptions&vim

CompilerSet makeprg=flowql\ check\ --format\ github\ --file\ %:S
CompilerSet errorformat=::%t%*[a-z]\ file=%f\\,line=%l\\,%.%#col=%c\\,%.%#::%m

let &cpoptions = s:save_cpo
unlet s:save_cpo

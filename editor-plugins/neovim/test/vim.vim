" The tests of what plain Vim gets: run by `vim -es` with the plugin installed; REPORT is the file of the outcome.
let s:report = []
let s:failed = 0

function s:Check(name, wrong) abort
  let l:outcome = empty(a:wrong) ? 'ok  ' : 'FAIL'
  call add(s:report, l:outcome . ' ' . a:name)
  for l:line in a:wrong
    call add(s:report, l:line)
  endfor
  let s:failed += !empty(a:wrong)
endfunction

function s:Differs(actual, wanted) abort
  return a:actual ==# a:wanted ? [] : [printf('got %s, wanted %s', string(a:actual), string(a:wanted))]
endfunction

execute 'source' expand('<sfile>:p:h') . '/colours.vim'

let [s:checked, s:wrong] = FlowqlCheckColours()
call s:Check('every document of the corpus has its colours', s:wrong)
call s:Check('there are many tokens', s:checked > 300 ? [] : [s:checked])

execute 'edit!' $WORKSPACE . '/a.flowql'
call s:Check('a file of filters has its file type', s:Differs(&filetype, 'flowql'))
call s:Check('and its options', s:Differs([&commentstring, &suffixesadd], ['-- %s', '.flowql']))

call setline(1, 'srcas=1   and dstport in(80,443)')
normal! gqq
call s:Check('gq formats a filter', s:Differs(getline(1, '$'), ['SrcAS = 1 AND DstPort IN (80, 443)']))
call setline(1, 'srcas==1')
silent! normal! gqq
call s:Check('gq leaves a filter with errors as it is', s:Differs(getline(1, '$'), ['srcas==1']))

call setline(1, ['-- name: a', 'SrcAS == 1', '-- name: b', 'DstAddr << 192.0.2.1'])
silent write
compiler flowql
silent! make!
let s:places = map(filter(getqflist(), 'v:val.valid'), '[bufname(v:val.bufnr), v:val.lnum, v:val.col, v:val.type]')
let s:file = bufname('%')
call s:Check(':make lists what is wrong', s:Differs(s:places, [[s:file, 2, 7, 'e'], [s:file, 4, 12, 'e']]))

setfiletype text
set filetype=
call s:Check('the options go with the file type', s:Differs([&suffixesadd, &formatprg], ['', '']))

enew!
call setline(1, ['SrcAS = 1', '```flowql', 'SrcAS = AS1', '```'])
set filetype=markdown
syntax sync fromstart
let s:names = map([[1, 1], [3, 1], [3, 9]], 'synIDattr(synID(v:val[0], v:val[1], 1), "name")')
call s:Check('fences of Markdown have colours', s:Differs(s:names[1:], ['flowqlColumn', 'flowqlAsNumber']))
call s:Check('and nothing else has', s:names[0] =~# 'flowql' ? s:names : [])

call add(s:report, printf('vim: %d passed, %d failed', len(filter(copy(s:report), 'v:val =~# "^ok"')), s:failed))
call writefile(s:report, $REPORT)
execute s:failed ? 'cquit' : 'qall!'

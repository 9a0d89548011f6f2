import { readFileSync, rmSync } from 'node:fs';
import { openSemanticMemory } from './fly-worker/semantic/memory.ts';
import { localEmbedder } from './fly-worker/embed/local.ts';
const D='/work/shared/data/retrieval-cranfield/';
const docs=readFileSync(D+'cran.all.1400','utf8').split(/^\.I /m).slice(1).map(b=>{ const id=b.match(/^\d+/)![0]; const g=(k:string)=>b.match(new RegExp(`^\\.${k}\\n([\\s\\S]*?)(?=^\\.[TABWI]|$(?![\\s\\S]))`,'m'))?.[1]?.trim()??''; return {id,title:g('T').replace(/\s+/g,' '),text:g('W')}; });
const qs=readFileSync(D+'cran.qry','utf8').split(/^\.I /m).slice(1).map((b,i)=>({n:i+1,q:(b.split(/^\.W\r?\n/m)[1]??b).trim().replace(/\s+/g,' ')}));
const rel=new Map<number,Map<string,number>>(); for(const l of readFileSync(D+'cranqrel','utf8').trim().split('\n')){ const [q,d,r]=l.trim().split(/\s+/); if(!rel.has(+q!)) rel.set(+q!,new Map()); const g=+r!; rel.get(+q!)!.set(d!, g<1?0: 5-g); }
rmSync('/tmp/cran',{recursive:true,force:true});
const e=localEmbedder(); const m=openSemanticMemory({uri:'/tmp/cran'}); const space={tenant:'t',embedder:{id:e.id,dims:e.dims}};
const v=await e.embed(docs.map(d=>d.title+'\n'+d.text));
await m.store(space,docs.map((d,i)=>({recordId:d.id,contentHash:'h',integrationId:'outlook',connectionId:'c',stream:'mail',occurredAt:0,title:d.title,text:d.text,parts:[],people:[],url:null,vector: d.text? v.slice(i*e.dims,(i+1)*e.dims):null})));
console.log(await m.upkeep(space), await m.stats(space));
for (const mode of ['keyword','semantic','hybrid'] as const) { let nd=0,rec=0,n=0; const t=[]; const cos:number[]=[];
 for(const {n:qn,q} of qs){ const r=rel.get(qn); if(!r) continue; n++; const qv=await e.embed([q]); const s=performance.now(); const c=(await m.search(space,{q,mode,limit:10,vector:qv})).slice(0,10); t.push(performance.now()-s);
  let dcg=0; c.forEach((x,i)=>{ const g=r.get(x.recordId)??0; dcg+=(2**g-1)/Math.log2(i+2); if(mode==='semantic') { if(g>0) cos.push(x.vectorScore!); } }); const ideal=[...r.values()].sort((a,b)=>b-a).slice(0,10).reduce((a,g,i)=>a+(2**g-1)/Math.log2(i+2),0); nd+=ideal?dcg/ideal:0; rec+=c.filter(x=>(r.get(x.recordId)??0)>0).length/Math.min(10,[...r.values()].filter(g=>g>0).length); }
 t.sort((a,b)=>a-b); cos.sort((a,b)=>a-b); console.log(mode,'ndcg',(nd/n).toFixed(4),'r@10',(rec/n).toFixed(4),'p50',t[n>>1]!.toFixed(1),'p95',t[Math.floor(n*.95)]!.toFixed(1), cos.length?cos[Math.floor(cos.length*.05)]:''); }
await m.close();

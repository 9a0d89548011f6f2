import { gunzipSync } from 'node:zlib'; import { readFileSync, rmSync } from 'node:fs';
import { derive } from './fly-worker/extract/derive.ts'; import { openSemanticMemory } from './fly-worker/semantic/memory.ts'; import { localEmbedder } from './fly-worker/embed/local.ts'; import { vectorAt } from './fly-worker/embed/embedder.ts'; import { bareSubject } from './fly-worker/extract/mail.ts';
const rows=gunzipSync(readFileSync('/work/shared/data/real-mail.jsonl.gz')).toString().trim().split('\n').map(x=>JSON.parse(x));
const recs=rows.map((r:any)=>({stream:'mail',kind:'mail' as const,providerId:r.id,occurredAt:r.date,endsAt:null,title:r.subject||'',body:{format:'text' as const,content:r.body},participants:[{role:'from' as const,address:r.from.address,name:r.fromName},...r.to.map((x:any)=>({role:'to',...x}))],threadId:null,globalId:r.messageId,replyToGlobalId:null,url:null,properties:{}}));
const d=derive(recs as any); rmSync('/tmp/enl',{recursive:true,force:true});
const e=localEmbedder(); const m=openSemanticMemory({uri:'/tmp/enl'}); const space={tenant:'t',embedder:{id:e.id,dims:e.dims}};
// subject -> own body: index without subject
const v=await e.embed(d.map(x=>x.embeddable.split('\n').slice(1).join('\n')));
const s0=performance.now();
for(let i=0;i<d.length;i+=100) await m.store(space,d.slice(i,i+100).map((x,k)=>({recordId:String(i+k),contentHash:'h',integrationId:'outlook',connectionId:'c',stream:'mail',occurredAt:Date.parse(recs[i+k]!.occurredAt),title:'',text:x.text,parts:x.parts,people:[],url:null,vector:vectorAt(v,e.dims,i+k)})));
console.log('store ms/100',(performance.now()-s0)/17); await m.upkeep(space);
const subj=new Map<string,number[]>(); d.forEach((x,i)=>{const s=bareSubject(x.title); if(s.split(' ').length>=2&&x.text.length>100&&!x.text.slice(0,3000).toLowerCase().includes(s.toLowerCase())) subj.set(s,[...(subj.get(s)??[]),i]);});
const qs=[...subj].filter(([,i])=>i.length<=3).slice(0,350);
for (const mode of ['keyword','semantic','hybrid'] as const) { let nd=0,r=0; for(const [q,is] of qs){ const qv=await e.embed([q]); const c=(await m.search(space,{q,mode,limit:10,vector:vectorAt(qv,e.dims,0)})).slice(0,10); let dcg=0,h=0; c.forEach((x,i)=>{ if(is.includes(+x.recordId)){dcg+=1/Math.log2(i+2);h++;} }); nd+=dcg/is.reduce((a,_,i)=>a+1/Math.log2(i+2),0); r+=h/is.length; } console.log(mode,qs.length,'ndcg',(nd/qs.length).toFixed(4),'r@10',(r/qs.length).toFixed(4)); }
const para=[['employee pay increase','salary'],['physician appointment','doctor'],['vacation plans','holiday'],['car purchase','vehicle'],['courtroom dispute','lawsuit litigation'],['electricity shortage','blackout power outage']];
for (const [q] of para){ const qv=await e.embed([q!]); const c=(await m.search(space,{q:q!,mode:'hybrid',limit:5,vector:vectorAt(qv,e.dims,0)})).slice(0,5); console.log(q,'→',c.map(x=>`${x.keywordScore?.toFixed(1)??'-'}/${x.vectorScore?.toFixed(2)??'-'} ${bareSubject(d[+x.recordId]!.title).slice(0,40)}`).join(' | ')); }
await m.close();

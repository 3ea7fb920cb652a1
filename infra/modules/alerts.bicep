// One alert for each symptom that somebody should look at, and the workbook to look with. What to do is in
// docs/operate.md, a section for each alert.

@description('Name of action group and workbook, and beginning of every alert\'s name.')
param name string
@description('Region.')
param location string
@description('Tags.')
param tags object
@description('ARM id of the Application Insights component.')
param componentId string
@description('E-mail address that alerts go to; empty for none.')
param email string
@description('Ids of action groups that exist already.')
param actionGroupIds array

var alerts = loadJsonContent('../alerts.json')

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: name
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'isthmus'
    enabled: true
    emailReceivers: empty(email) ? [] : [
      {
        name: 'operators'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [for alert in alerts: {
  name: '${name}-${alert.name}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'Isthmus: ${alert.name}'
    description: '${alert.meaning} What to do: docs/operate.md, ${alert.name}.'
    severity: alert.severity
    enabled: true
    scopes: [componentId]
    evaluationFrequency: alert.frequency
    windowSize: alert.window
    autoMitigate: true
    criteria: {
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          query: join(alert.query, '\n')
          timeAggregation: alert.aggregation
          metricMeasureColumn: alert.measure
          operator: alert.operator
          threshold: alert.threshold
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    actions: {
      actionGroups: concat(actionGroupIds, empty(email) ? [] : [people.id])
    }
  }
}]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(componentId, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Isthmus'
    category: 'workbook'
    sourceId: componentId
    serializedData: string(union(loadJsonContent('../workbook.json'), { fallbackResourceIds: [componentId] }))
  }
}
